import type { Collection, Kind } from "../../api/collections.svelte";

export type RuleName = "listRule" | "viewRule" | "createRule" | "updateRule" | "deleteRule" | "authRule" | "manageRule";

export interface RuleText {
    name: RuleName;
    label: string;
    /** What it decides, as a question that "everyone" or "only superusers" answers. */
    question: string;
    /** What null means. */
    locked: string;
    /** What the empty text means; none where it may not be. */
    open?: string;
    /** What happens while it is open that people should know. */
    warning?: string;
}

const rule = (name: RuleName, label: string, question: string, warning: string): RuleText => ({
    name,
    label,
    question,
    locked: "Only superusers",
    open: "Everyone",
    warning,
});

const LIST = rule(
    "listRule",
    "List and search",
    "Who finds a record in lists?",
    "Everyone on the internet can list these records, also without an account.",
);
const VIEW = rule("viewRule", "View", "Who sees a record?", "Everyone on the internet can see every record, also without an account.");
const RECORD = [
    LIST,
    VIEW,
    rule("createRule", "Create", "Who may create a record?", "Everyone on the internet can create records, also without an account."),
    rule("updateRule", "Update", "Who may change a record?", "Everyone on the internet can change every record, also without an account."),
    rule("deleteRule", "Delete", "Who may delete a record?", "Everyone on the internet can delete every record, also without an account."),
];
const ACCOUNT: RuleText[] = [
    { name: "authRule", label: "Sign in", question: "Which accounts may sign in?", locked: "None", open: "All" },
    {
        name: "manageRule",
        label: "Manage",
        question: "Who may change any account's email, password and verification without knowing the old password?",
        locked: "Only superusers",
    },
];

/** The rules a collection of a kind has. */
export const RULES: Record<Kind, RuleText[]> = { base: RECORD, auth: [...RECORD, ...ACCOUNT], view: [LIST, VIEW] };

/** A rule of a collection: null is superusers only. */
export const ruleOf = (collection: Collection, name: RuleName): string | null =>
    (collection as unknown as Record<RuleName, string | null>)[name] ?? null;

/** What a rule says, in plain words where it has no text. */
export function inWords(text: RuleText, value: string | null): string {
    if (value === null) return text.locked;
    return value.trim() || (text.open ?? "Everyone");
}
