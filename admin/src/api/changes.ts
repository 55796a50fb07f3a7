import { pb } from "./client";

export type Action = "create" | "update" | "delete";

/** One committed effect, as docs/changes.md tells it. */
export interface Change {
    seq: number;
    position: string;
    at: string;
    request: string;
    actor: { id: string; collectionId: string; collectionName: string; label: string } | null;
    action: Action;
    collectionId: string;
    collectionName: string;
    recordId: string;
    record: Record<string, unknown> | null;
    old: Record<string, unknown> | null;
    changed: string[];
}

export interface ChangePage {
    epoch: string;
    head: number;
    oldest: number;
    next: number | null;
    items: Change[];
}

/** What of the log is wanted; empty texts ask for everything. */
export interface Wanted {
    collection?: string;
    record?: string;
    action?: string;
    actor?: string;
    request?: string;
}

type Ask = Wanted & { before?: number; after?: number; limit?: number; wait?: number };

/** A page of the log. Throws ClientResponseError. */
export function changes(ask: Ask, signal?: AbortSignal): Promise<ChangePage> {
    const query = Object.fromEntries(Object.entries(ask).filter(([, value]) => value !== "" && value !== undefined));
    return pb.send("/api/changes", { query, signal });
}

export interface Restored {
    action: "update" | "create" | "none";
    differences: { field: string; now: unknown; then: unknown }[];
    missingFiles: { field: string; name: string }[];
    reset: string[];
    problem: string;
    errors: Record<string, { code: string; message: string }>;
}

/** Brings a record back to its state after (or before) a change; with `dryRun` only says what that would do. */
export function restore(collection: string, id: string, seq: number, state: "after" | "before", dryRun: boolean): Promise<Restored> {
    return pb.send(`/api/collections/${collection}/records/${id}/restore`, {
        method: "POST",
        query: dryRun ? { dryRun: 1 } : {},
        body: { seq, state },
    });
}
