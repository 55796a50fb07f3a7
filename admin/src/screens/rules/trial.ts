import { pb } from "../../api/client";
import type { Collection } from "../../api/collections.svelte";

/** What `POST /api/rules/test` is asked; docs/rules.md has the words. */
export interface Trial {
    collection: string;
    ruleName?: string;
    rule?: string;
    filter?: string;
    identity?: { superuser: true } | { collection: string; id: string };
    request?: { method?: string; body?: object; query?: object; headers?: object; context?: string };
    record?: { id: string } | { values: object };
}

export interface Side {
    text: string;
    value?: unknown;
    values?: unknown[];
    secret?: boolean;
}

export interface Expression {
    type: "all" | "any" | "comparison";
    text: string;
    result: boolean | null;
    decided: boolean;
    trueRows?: number;
    items?: Expression[];
    operator?: string;
    left?: Side;
    right?: Side;
}

export interface Part {
    part: string;
    collection: string;
    text: string;
    result: boolean | null;
    decided: boolean;
    expression: Expression | null;
}

export interface Report {
    allowed: boolean;
    reason: "expression" | "open" | "locked" | "superuser" | "missing" | "error";
    rule: string | null;
    rows: number;
    error: { part: string; text: string; message: string; start: number; end: number } | null;
    parts: Part[];
}

/** Asks the server; it stores nothing. Throws ClientResponseError. */
export const test = (trial: Trial): Promise<Report> => pb.send("/api/rules/test", { method: "POST", body: trial });

export const RULES = ["listRule", "viewRule", "createRule", "updateRule", "deleteRule", "authRule", "manageRule"] as const;
export type RuleName = (typeof RULES)[number];

/** What a rule is about, in words. */
export const MEANING: Record<RuleName, string> = {
    listRule: "List and search",
    viewRule: "View one",
    createRule: "Create",
    updateRule: "Update",
    deleteRule: "Delete",
    authRule: "Sign in",
    manageRule: "Manage accounts of others",
};

const METHODS: Record<RuleName, string> = {
    listRule: "GET",
    viewRule: "GET",
    createRule: "POST",
    updateRule: "PATCH",
    deleteRule: "DELETE",
    authRule: "POST",
    manageRule: "PATCH",
};

/** The method of the requests a rule is asked for. */
export const methodOf = (rule: RuleName): string => METHODS[rule];

/** The rules a collection has. */
export function rulesOf(collection: Collection): RuleName[] {
    if (collection.type === "view") return ["listRule", "viewRule"];
    return RULES.filter((rule) => collection.type === "auth" || !["authRule", "manageRule"].includes(rule));
}

/** Why it is a yes or a no, as a sentence. */
export function because(report: Report): string {
    switch (report.reason) {
        case "open":
            return "The rule is empty: everyone may.";
        case "locked":
            return "The rule is locked: only superusers may.";
        case "superuser":
            return "Superusers are not asked.";
        case "missing":
            return "There is no such record.";
        case "error":
            return report.error?.message ?? "The expression cannot be used.";
        case "expression":
            return report.allowed ? "What is marked below holds." : "What is marked below does not hold.";
    }
}
