import type { RecordModel } from "pocketbase";
import type { Collection } from "../../api/collections.svelte";
import { pb } from "../../api/client";

/** Records that one request may delete, and ids that one filter may name. */
export const MOST_AT_ONCE = 10_000;
const MOST_IDS = 200;
/** Records that are copied at most; more are better exported. */
export const MOST_COPIED = 1_000;

export const counted = (count: number): string => `${count.toLocaleString()} ${count === 1 ? "record" : "records"}`;

/** Filters that together find these records, as few as possible. */
export function naming(ids: string[]): string[] {
    const parts = Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, index) =>
        ids.slice(index * MOST_IDS, (index + 1) * MOST_IDS),
    );
    return parts.map((part) => part.map((id) => pb.filter("id = {:id}", { id })).join(" || "));
}

/** The filter that finds what another does, without some. */
export function without(filter: string, ids: string[]): string {
    const others = ids.map((id) => pb.filter("id != {:id}", { id }));
    return [filter && `(${filter})`, ...others].filter(Boolean).join(" && ") || 'id != ""';
}

/** Can so many not be deleted in one transaction? */
export const stepwise = (filters: string[], count: number): boolean => filters.length > 1 || count > MOST_AT_ONCE;

/** Deletes all that the filters find: together or not at all, unless it is `stepwise`. Answers how many. */
export async function remove(collection: Collection, filters: string[], count: number): Promise<number> {
    const limit = count > MOST_AT_ONCE ? { limit: MOST_AT_ONCE } : {};
    const path = `/api/collections/${encodeURIComponent(collection.id)}/records`;
    let deleted = 0;
    for (const filter of filters) {
        for (let more = true; more;) {
            const step = await pb.send<{ count: number; more: boolean }>(path, { method: "DELETE", query: { filter, ...limit } });
            deleted += step.count;
            more = step.more && step.count > 0;
        }
    }
    return deleted;
}

/** The records that the filters find, whole, as the API tells them. */
export async function whole(collection: Collection, filters: string[], sort: string): Promise<RecordModel[]> {
    const found = await Promise.all(filters.map((filter) => pb.collection(collection.id).getFullList({ filter, sort, batch: 500 })));
    return found.flat();
}
