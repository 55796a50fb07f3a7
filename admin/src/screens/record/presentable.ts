import type { RecordModel } from "pocketbase";
import { collections, type Collection, type Field } from "../../api/collections.svelte";
import { local } from "../../ui/times";

const TELLING = ["title", "name", "label", "subject", "username", "email", "slug", "key"];
const TEXTUAL = ["text", "email", "url", "editor"];
const LONGEST = 160;

/** The fields that stand for a record: those that are marked presentable, else one that usually tells records apart. */
export function presentableFields(collection: Collection): Field[] {
    const marked = collection.fields.filter((field) => field.presentable && !field.hidden);
    if (marked.length) return marked;
    const usual = TELLING.map((name) => collection.fields.find((field) => field.name.toLowerCase() === name && !field.hidden)).find(Boolean);
    return usual ? [usual] : [];
}

/** What to expand so that the labels of a collection's records can be told. */
export const presentableExpand = (collection: Collection): string =>
    presentableFields(collection)
        .filter((field) => field.type === "relation")
        .map((field) => field.name)
        .join(",");

/** A record in a few words, its id where it has none. */
export function labelOf(record: RecordModel, collection: Collection | undefined): string {
    const words = collection ? presentableFields(collection).map((field) => wordsOf(record, field)) : [];
    const label = words.filter(Boolean).join(" · ");
    return label.length > LONGEST ? `${label.slice(0, LONGEST)}…` : label || record.id;
}

function wordsOf(record: RecordModel, field: Field): string {
    const value: unknown = record[field.name];
    if (field.type === "relation") return relatedWords(record, field);
    if (field.type === "editor") return new DOMParser().parseFromString(String(value ?? ""), "text/html").body.textContent?.trim() ?? "";
    if (field.type === "date" || field.type === "autodate") return local(String(value ?? ""));
    if (field.type === "geoPoint") return Object.values(value ?? {}).join(", ");
    if (field.type === "json") return value === null || value === undefined ? "" : JSON.stringify(value);
    return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

function relatedWords(record: RecordModel, field: Field): string {
    const related = [record.expand?.[field.name] ?? []].flat() as RecordModel[];
    const target = collections.find(field.collectionId);
    return related.map((one) => (target && presentableFields(target).some((inner) => inner.type !== "relation") ? labelOf(one, target) : one.id)).join(", ");
}

/** The filter that finds records by a few words, in all their texts; what looks like a filter is one. */
export function searchFilter(collection: Collection, words: string): string {
    const text = words.trim();
    if (!text || /[=~<>]/.test(text)) return text;
    const quoted = JSON.stringify(text);
    const fields = collection.fields.filter((field) => TEXTUAL.includes(field.type) && !(collection.type === "auth" && field.name === "tokenKey"));
    return fields.map((field) => `${field.name} ~ ${quoted}`).join(" || ");
}
