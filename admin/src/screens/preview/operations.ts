import type { Collection } from "../../api/collections.svelte";
import { accounts } from "./accounts";
import type { Lang } from "./languages";
import { records } from "./records";

/** One way to use a collection, as it is explained. */
export interface Operation {
    id: string;
    label: string;
    /** The heading it stands under. */
    group: "Records" | "Live" | "Sign-in" | "Account" | "Beyond PocketBase";
    method: string;
    path: string;
    text: string;
    /** The rule that decides, where one does. */
    rule?: string;
    parameters?: [name: string, type: string, text: string][];
    snippets: Record<Lang, string>;
    answers: { status: number; body: unknown; text?: string }[];
}

/** All that can be done with a collection over the API. */
export function operations(collection: Collection, root: string): Operation[] {
    return [...records(collection, root), ...(collection.type === "auth" ? accounts(collection, root) : [])];
}
