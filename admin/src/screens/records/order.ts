import type { RecordModel } from "pocketbase";
import type { Collection } from "../../api/collections.svelte";

/** Where a record stands in a list: as records were made (the new ones in `front` or at the `back`), or by comparing two; null where only the server knows. */
export type Order = "front" | "back" | Compare | null;
/** Below 0 where the first comes before the second. */
export type Compare = (one: RecordModel, other: RecordModel) => number;

const PLAIN = new Set(["text", "email", "url", "number", "bool", "date", "autodate"]);

/** The sort of a list that nobody sorted: what was made last comes first. The rows of a view have no such order. */
export const usual = (collection: Collection): string => (collection.type === "view" ? "" : "-@rowid");

/** The order that a sort means, as far as it can be told without the server. */
export function orderOf(sort: string, collection: Collection): Order {
    if (sort === "-@rowid") return "front";
    if (sort === "+@rowid" || sort === "@rowid" || sort === "") return collection.type === "view" ? null : "back";
    const keys = sort.split(",").map((key) => ({ name: key.trim().replace(/^[+-]/, ""), down: key.trim().startsWith("-") }));
    if (!keys.every(({ name }) => comparable(name, collection))) return null;
    return (one, other) => {
        for (const { name, down } of keys) {
            const found = compare(one[name], other[name]);
            if (found) return down ? -found : found;
        }
        return keys[0]!.down ? -1 : 1; // alike: as the server has it, by when they were made
    };
}

/** The fields that an order depends on. */
export const sortKeys = (sort: string): string[] => sort.split(",").map((key) => key.trim().replace(/^[+-]/, ""));

function comparable(name: string, collection: Collection): boolean {
    const field = collection.fields.find((one) => one.name === name);
    if (!field) return false;
    return PLAIN.has(field.type) || (["select", "relation"].includes(field.type) && (field.maxSelect ?? 1) <= 1);
}

function compare(one: unknown, other: unknown): number {
    if (typeof one === "string" && typeof other === "string") return one < other ? -1 : one > other ? 1 : 0;
    return Number(one) - Number(other);
}
