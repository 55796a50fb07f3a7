import type { Field } from "../../../api/collections.svelte";
import { local } from "../../../ui/times";

const UNITS = ["bytes", "KB", "MB", "GB"];

/** A number of bytes for people: 5 MB. */
export function size(bytes: number): string {
    const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
    const amount = bytes / 1024 ** power;
    return `${Number(amount.toFixed(amount < 10 ? 1 : 0))} ${UNITS[power]}`;
}

export const mostBytes = (field: Field): number => field.maxSize || 5 * 1024 ** 2;

/** What a field's own help and its limits say, as one text. */
export function helpOf(field: Field): string {
    return [field.help, limitsOf(field)].filter(Boolean).join(" ");
}

/** A field's limits as a sentence, "" where there is nothing to say. */
export function limitsOf(field: Field): string {
    switch (field.type) {
        case "text":
        case "password":
            return field.primaryKey ? "" : range(field.min, field.max, "characters");
        case "number":
            return [range(field.min, field.max, ""), field.onlyInt ? "Whole numbers only." : ""].filter(Boolean).join(" ");
        case "date":
            return range(field.min && local(field.min), field.max && local(field.max), "");
        case "email":
        case "url":
            return domains(field);
        case "select":
            return field.maxSelect > 1 ? `Up to ${field.maxSelect}.` : "";
        case "relation":
            return field.maxSelect > 1 || field.minSelect > 1
                ? range(field.minSelect, field.maxSelect < 999 ? field.maxSelect : 0, "records")
                : "";
        case "file":
            return files(field);
        default:
            return "";
    }
}

function range(least: unknown, most: unknown, unit: string): string {
    const [from, to] = [least || least === 0 ? String(least) : "", most || most === 0 ? String(most) : ""];
    const [low, high] = [unit && from === "0" ? "" : from, unit && to === "0" ? "" : to];
    const words =
        low && high
            ? low === high
                ? `Exactly ${low}`
                : `From ${low} to ${high}`
            : low
              ? `At least ${low}`
              : high
                ? `At most ${high}`
                : "";
    return words && `${words}${unit && ` ${unit}`}.`;
}

function domains(field: Field): string {
    if (field.onlyDomains?.length) return `Only at ${field.onlyDomains.join(", ")}.`;
    return field.exceptDomains?.length ? `Not at ${field.exceptDomains.join(", ")}.` : "";
}

function files(field: Field): string {
    const count = field.maxSelect > 1 ? `Up to ${field.maxSelect} files, of` : "Of";
    const types = field.mimeTypes?.length ? ` Only ${[...new Set((field.mimeTypes as string[]).map(kind))].join(", ")}.` : "";
    return `${count} ${size(mostBytes(field))} at most.${types}`;
}

/** A content type in a word: png, pdf, text. */
const kind = (type: string): string => (type === "text/plain" ? "text" : type.replace(/^.*\/(x-)?/, ""));
