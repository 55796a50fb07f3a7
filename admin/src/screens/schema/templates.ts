import type { Collection, Field, Kind } from "../../api/collections.svelte";
import type { RuleName } from "./ruleNames";

/** Rules to start with, in plain words. */
export interface Template {
    id: string;
    label: string;
    note: string;
    /** The relation to accounts that its rules read. */
    needs?: { name: string; several: boolean };
    rules: (relation: string) => Partial<Record<RuleName, string | null>>;
}

const SIGNED_IN = "@request.auth.id != ''";
const SELF = "id = @request.auth.id";
const LOCKED = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };
const reading = (rule: string | null): Partial<Record<RuleName, string | null>> => ({ ...LOCKED, listRule: rule, viewRule: rule });

const superusers: Template = {
    id: "superusers",
    label: "Only superusers",
    note: "Nobody else reads or changes anything.",
    rules: () => LOCKED,
};

const BASE: Template[] = [
    superusers,
    {
        id: "owner",
        label: "Private to its owner",
        note: "Who is signed in creates records of their own, and alone sees, changes and deletes them.",
        needs: { name: "owner", several: false },
        rules: (owner) => {
            const own = `${SIGNED_IN} && ${owner} = @request.auth.id`;
            return {
                listRule: own,
                viewRule: own,
                createRule: own,
                updateRule: `${own} && @request.body.${owner}:changed = false`,
                deleteRule: own,
            };
        },
    },
    {
        id: "team",
        label: "Shared by a team",
        note: "The members a record names see, change and delete it; whoever creates one is among them.",
        needs: { name: "members", several: true },
        rules: (members) => {
            const member = `${SIGNED_IN} && ${members}.id ?= @request.auth.id`;
            return { listRule: member, viewRule: member, createRule: member, updateRule: member, deleteRule: member };
        },
    },
    {
        id: "signed-in",
        label: "Readable by signed-in users",
        note: "Everyone who is signed in reads; only superusers change.",
        rules: () => reading(SIGNED_IN),
    },
    { id: "public", label: "Public", note: "Everyone reads, also without an account; only superusers change.", rules: () => reading("") },
];

const AUTH: Template[] = [
    {
        id: "self",
        label: "Everyone their own account",
        note: "Everyone may register; an account is seen, changed and deleted by itself alone.",
        rules: () => ({ listRule: SELF, viewRule: SELF, createRule: "", updateRule: SELF, deleteRule: SELF }),
    },
    {
        id: "members",
        label: "Accounts see each other",
        note: "Everyone may register; who is signed in sees all accounts, and changes and deletes their own.",
        rules: () => ({ listRule: SIGNED_IN, viewRule: SIGNED_IN, createRule: "", updateRule: SELF, deleteRule: SELF }),
    },
    {
        id: "invited",
        label: "By invitation",
        note: "Superusers create the accounts; an account is seen and changed by itself alone.",
        rules: () => ({ ...reading(SELF), updateRule: SELF }),
    },
    superusers,
];

const VIEW: Template[] = BASE.filter(({ needs }) => !needs);

/** What a new collection of a kind may start with; the first is what it gets. */
export const TEMPLATES: Record<Kind, Template[]> = { base: BASE, auth: AUTH, view: VIEW };

/** The relation to accounts that a template's rules may read, where the collection has one already. */
export function relationFor(template: Template, fields: Field[], accounts: Collection): Field | undefined {
    const fits = (field: Field): boolean =>
        field.type === "relation" && field.collectionId === accounts.id && field.maxSelect > 1 === template.needs?.several;
    return fields.find((field) => fits(field) && field.name === template.needs?.name) ?? fields.find(fits);
}
