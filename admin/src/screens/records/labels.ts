import type { RecordModel } from "pocketbase";
import { collections, type Collection } from "../../api/collections.svelte";

const TELLING = ["name", "title", "label", "subject", "email", "username", "slug", "key", "code", "text"];

/** A record in a few words: its presentable fields, else what usually names a thing, else its id. */
export function labelOf(record: RecordModel, collection: Collection | undefined = collections.find(record.collectionId)): string {
    const presentable = collection?.fields.filter((field) => field.presentable).map((field) => field.name) ?? [];
    const said = presentable.map((name) => words(record[name])).filter(Boolean);
    return said.join(" · ") || TELLING.map((name) => words(record[name])).find(Boolean) || record.id;
}

/** Any value as a line of text. */
export function words(value: unknown): string {
    if (value === null || value === undefined || value === "") return "";
    if (Array.isArray(value)) return value.map(words).join(", ");
    if (typeof value === "object") return JSON.stringify(value);
    return stripped(String(value)).slice(0, 200);
}

/** Formatted text without its tags. */
export const stripped = (html: string): string => (html.includes("<") ? html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim() : html);
