import type { Kind } from "../../api/collections.svelte";
import type { FieldErrors } from "../../api/errors";

export type Tab = "fields" | "query" | "rules" | "options";

const LABELS: Record<Tab, string> = { fields: "Fields", query: "Query", rules: "API rules", options: "Options" };
const TABS: Record<Kind, Tab[]> = { base: ["fields", "rules"], auth: ["fields", "rules", "options"], view: ["query", "rules"] };

/** The tabs of a kind of collection. */
export const tabsOf = (kind: Kind): { value: Tab; label: string }[] => TABS[kind].map((value) => ({ value, label: LABELS[value] }));

/** Which tab a message of the server belongs to. */
function tabOf(path: string): Tab | null {
    if (/^(fields|indexes)(\.|$)/.test(path)) return "fields";
    if (path === "viewQuery") return "query";
    if (/^(list|view|create|update|delete|auth|manage)Rule$/.test(path)) return "rules";
    return path === "name" ? null : "options";
}

export const marked = (tab: Tab, errors: FieldErrors): boolean => Object.keys(errors).some((path) => tabOf(path) === tab);
