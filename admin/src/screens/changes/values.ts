import type { Change } from "../../api/changes";

/** A value as it is read in a comparison of two states. */
export function told(value: unknown): string {
    if (value === undefined || value === null || value === "") return "–";
    return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

export interface Difference {
    field: string;
    before: unknown;
    after: unknown;
    changed: boolean;
}

const ALWAYS = ["collectionId", "collectionName"];

/** The fields of a change with what they held before and after; `all` also those that stayed. */
export function differences(change: Change, all = false): Difference[] {
    const record = change.record ?? {};
    const names = [...new Set([...Object.keys(record), ...change.changed])].filter((name) => !ALWAYS.includes(name));
    const rows = names.map((field) => row(change, record, field));
    return all ? rows : rows.filter(({ changed }) => changed);
}

function row(change: Change, record: Record<string, unknown>, field: string): Difference {
    if (change.action === "create") return { field, before: undefined, after: record[field], changed: told(record[field]) !== "–" };
    if (change.action === "delete") return { field, before: record[field], after: undefined, changed: told(record[field]) !== "–" };
    const changed = change.changed.includes(field);
    const secret = changed && !(field in record) && !(field in (change.old ?? {}));
    if (secret) return { field, before: "(secret)", after: "(secret)", changed };
    return { field, before: changed ? change.old?.[field] : record[field], after: record[field], changed };
}

/** What a change did, in a word. */
export const DID = { create: "created", update: "changed", delete: "deleted" } as const;

/** Who did it, as one knows him. */
export function byWhom(change: Change): string {
    if (!change.actor) return "a guest or the server";
    return change.actor.label || `${change.actor.collectionName || "gone"} ${change.actor.id}`;
}
