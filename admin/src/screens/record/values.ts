import type { RecordModel } from "pocketbase";
import type { Collection, Field } from "../../api/collections.svelte";

/** A file of a field: the name of one that is stored, or one that waits to be uploaded. */
export type FileItem = string | File;
export interface GeoPoint {
    lon: number;
    lat: number;
}
export type Values = Record<string, unknown>;

/** Fields of accounts that stand in a block of their own. */
export const ACCOUNT = ["email", "emailVisibility", "verified", "password", "tokenKey"];

export const many = (field: Field): boolean => (field.maxSelect ?? 0) > 1;

/** The fields a form shows; a token key is nobody's to read or write. */
export const shownFields = (collection: Collection): Field[] =>
    collection.fields.filter((field) => !(collection.type === "auth" && field.name === "tokenKey"));

/** A field's value as its input holds it: lists for files and relations, text for JSON, nothing for a password. */
export function editable(field: Field, raw: unknown): unknown {
    switch (field.type) {
        case "password":
            return "";
        case "bool":
            return !!raw;
        case "number":
            return typeof raw === "number" ? raw : null;
        case "json":
            return raw === null || raw === undefined ? "" : JSON.stringify(raw, null, 2);
        case "geoPoint":
            return { lon: (raw as GeoPoint)?.lon ?? 0, lat: (raw as GeoPoint)?.lat ?? 0 };
        case "file":
        case "relation":
            return listOf(raw);
        case "select":
            return many(field) ? listOf(raw) : String(raw ?? "");
        default:
            return String(raw ?? "");
    }
}

const listOf = (raw: unknown): unknown[] => (Array.isArray(raw) ? [...raw] : raw ? [raw] : []);

/** All values of a record as inputs hold them; of none, empty ones. */
export function editableValues(collection: Collection, record: Partial<RecordModel> | null): Values {
    return Object.fromEntries(shownFields(collection).map((field) => [field.name, editable(field, record?.[field.name])]));
}

/** An input's value as the API takes it. */
export function sendable(field: Field, value: unknown): unknown {
    switch (field.type) {
        case "number":
            return value ?? 0;
        case "json":
            return (value as string).trim() || null; // the text itself: what is parsed here would lose "12" and large numbers
        case "file":
        case "relation":
            return many(field) ? value : ((value as unknown[])[0] ?? "");
        default:
            return value;
    }
}

/** Do two values of inputs mean the same? */
export function same(field: Field, one: unknown, other: unknown): boolean {
    if (field.type === "file") return sameFiles(one as FileItem[], other as FileItem[]);
    return comparable(field, one) === comparable(field, other);
}

const sameFiles = (one: FileItem[], other: FileItem[]): boolean =>
    one.length === other.length && one.every((item, index) => item === other[index]);

function comparable(field: Field, value: unknown): string {
    if (field.type === "number") return String(value ?? 0);
    if (field.type !== "json") return JSON.stringify(value);
    try {
        return JSON.stringify(JSON.parse(value as string));
    } catch {
        return (value as string).trim() || "null";
    }
}

/** What an update sends: the fields whose values are others than the record's. */
export function changed(collection: Collection, before: Values, now: Values): Field[] {
    return shownFields(collection).filter((field) => field.type !== "autodate" && !same(field, before[field.name], now[field.name]));
}

/** Why a value cannot even be sent; "" where it can. */
export function unsendable(field: Field, value: unknown): string {
    if (field.type === "number" && Number.isNaN(value)) return "This is no number.";
    if (field.type !== "json" || !(value as string).trim()) return "";
    try {
        JSON.parse(value as string);
        return "";
    } catch (error) {
        return `This is no JSON: ${(error as Error).message}`;
    }
}

interface Withheld {
    withheld: "file" | "password";
}

const isWithheld = (value: unknown): value is Withheld => typeof value === "object" && value !== null && "withheld" in value;

/** The values of some fields as they may be kept in the browser: files that wait and passwords are only marked. */
export function keepable(fields: Field[], values: Values): Values {
    return Object.fromEntries(fields.map(({ name, type }) => [name, keptValue(type, values[name])]));
}

function keptValue(type: string, value: unknown): unknown {
    if (type === "password") return { withheld: "password" };
    return type === "file" ? (value as FileItem[]).map((item) => (item instanceof File ? { withheld: "file" } : item)) : value;
}

/** Kept values as inputs hold them, and whether something has to be given again. */
export function restored(fields: Field[], kept: Values): { values: Values; lacking: boolean } {
    const known = fields.filter(({ name }) => name in kept);
    const lacking = known.some(({ name }) => [kept[name]].flat().some(isWithheld));
    const whole = (value: unknown): unknown =>
        Array.isArray(value) ? value.filter((item) => !isWithheld(item)) : isWithheld(value) ? "" : value;
    return { values: Object.fromEntries(known.map(({ name }) => [name, whole(kept[name])])), lacking };
}
