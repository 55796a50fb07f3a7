import type { Collection, Field } from "../../api/collections.svelte";

const MOMENT = "2026-01-02 15:04:05.123Z";
const several = (field: Field): boolean => (field.maxSelect ?? 1) > 1;
const listed = (field: Field, value: string): unknown => (several(field) ? [value] : value);

/** A value as the API answers it for this field. */
export function sampleValue(field: Field): unknown {
    switch (field.type) {
        case "number":
            return field.onlyInt ? 12 : 12.5;
        case "bool":
            return true;
        case "email":
            return "ann@example.com";
        case "url":
            return "https://example.com";
        case "date":
        case "autodate":
            return MOMENT;
        case "select":
            return listed(field, field.values?.[0] ?? "option");
        case "file":
            return listed(field, "photo_a1b2c3d4e5.jpg");
        case "relation":
            return listed(field, "RECORD_ID");
        case "json":
            return { key: "value" };
        case "geoPoint":
            return { lon: 13.4, lat: 52.5 };
        case "editor":
            return "<p>text</p>";
        default:
            return field.primaryKey ? "RECORD_ID" : field.name === "username" ? "ann" : "text";
    }
}

/** A record as the API answers it. */
export function sampleRecord(collection: Collection): Record<string, unknown> {
    const shown = collection.fields.filter((field) => !field.hidden && field.type !== "password");
    return {
        collectionId: collection.id,
        collectionName: collection.name,
        ...Object.fromEntries(shown.map((field) => [field.name, sampleValue(field)])),
    };
}

/** What a client sends to make a record; files aside, which go in a form. */
export function sampleBody(collection: Collection): Record<string, unknown> {
    const sent = collection.fields.filter(
        (field) => !field.primaryKey && !field.system && !field.hidden && !["autodate", "file", "password"].includes(field.type),
    );
    const values = Object.fromEntries(sent.map((field) => [field.name, sampleValue(field)]));
    return collection.type === "auth"
        ? { email: "ann@example.com", emailVisibility: true, password: "a-long-password", passwordConfirm: "a-long-password", ...values }
        : values;
}

/** The fields that take files. */
export const fileFields = (collection: Collection): Field[] => collection.fields.filter((field) => field.type === "file");
