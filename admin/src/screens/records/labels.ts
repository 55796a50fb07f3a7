import type { RecordModel } from "pocketbase";
import { collections, type Collection, type Field } from "../../api/collections.svelte";
import { local } from "../../ui/times";

const TELLING = ["name", "title", "label", "subject", "email", "username", "slug", "key", "code", "text"];

/** A record in a few words: its presentable fields, else what usually names a thing, else its id. */
export function labelOf(record: RecordModel, collection: Collection | undefined = collections.find(record.collectionId)): string {
    const said = presentable(collection)
        .map((field) => presented(record, field))
        .filter(Boolean);
    return said.join(" · ") || TELLING.map((name) => words(record[name])).find(Boolean) || record.id;
}

const presentable = (collection: Collection | undefined): Field[] => collection?.fields.filter((field) => field.presentable) ?? [];

/** What to expand for the labels of a collection's records. */
export const labelExpand = (collection: Collection): string =>
    presentable(collection)
        .filter(({ type }) => type === "relation")
        .map(({ name }) => name)
        .join(",");

function presented(record: RecordModel, field: Field): string {
    if (field.type === "date" || field.type === "autodate") return local(record[field.name]);
    const related = field.type === "relation" ? ([record.expand?.[field.name] ?? []].flat() as RecordModel[]) : [];
    return related.length ? related.map((one) => labelOf(one)).join(", ") : words(record[field.name]);
}

/** Any value as a line of text. */
export function words(value: unknown): string {
    if (value === null || value === undefined || value === "") return "";
    if (Array.isArray(value)) return value.map(words).join(", ");
    if (typeof value === "object") return JSON.stringify(value);
    return stripped(String(value)).slice(0, 200);
}

/** Formatted text without its tags. */
export const stripped = (html: string): string =>
    html.includes("<")
        ? html
              .replace(/<[^>]*>/g, " ")
              .replace(/\s+/g, " ")
              .trim()
        : html;
