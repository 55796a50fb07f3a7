import type { Field } from "../../api/collections.svelte";
import { local } from "../../ui/times";
import type { FileItem, GeoPoint } from "./values";

/** A value of an input as text, for comparing. */
export function brief(field: Field, value: unknown): string {
    if (field.type === "password") return value ? "a new password" : "unchanged";
    if (field.type === "bool") return value ? "yes" : "no";
    if (field.type === "number") return String(value ?? 0);
    if (field.type === "geoPoint") return `${(value as GeoPoint).lat}, ${(value as GeoPoint).lon}`;
    if (field.type === "date" || field.type === "autodate") return local(value as string) || "nothing";
    if (Array.isArray(value))
        return (value as FileItem[]).map((item) => (item instanceof File ? `${item.name} (new)` : item)).join("\n") || "nothing";
    return (value as string) || "nothing";
}
