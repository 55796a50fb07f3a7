import { collections, type Collection } from "../../api/collections.svelte";
import type { EditedField, Editing } from "./edited.svelte";
import { isMultiple } from "./fieldTypes";
import { inWords, RULES, ruleOf } from "./ruleNames";

/** Something that saving does to what exists, and that should be known before. */
export interface Change {
    text: string;
    /** Data is lost, or somebody gets in who did not before. */
    danger?: boolean;
    from?: string;
    to?: string;
}

const TOKENS: Record<string, string> = {
    authToken: "sign-ins",
    passwordResetToken: "password reset links",
    emailChangeToken: "email change links",
    verificationToken: "verification links",
    fileToken: "file links",
};

/** What saving does to a collection that exists; of a new one nothing. */
export function changes(editing: Editing): Change[] {
    if (editing.isNew) return [];
    return [
        ...renamed(editing),
        ...editing.value.fields.flatMap((field) => ofField(editing, field)),
        ...rules(editing),
        ...accounts(editing),
    ];
}

function renamed({ original, value }: Editing): Change[] {
    if (original.name === value.name) return [];
    return [
        {
            text: "The collection is called otherwise. Clients, and queries of views, that use the old name must be changed.",
            from: original.name,
            to: value.name,
        },
    ];
}

function ofField(editing: Editing, field: EditedField): Change[] {
    const was = editing.was(field);
    if (!was || editing.kind === "view") return [];
    const took = field.took?.length ? ` Its indexes go along (${field.took.length}).` : "";
    if (field.removed) return [{ text: `Field ${was.name} is deleted, and what all records store in it.${took}`, danger: true }];
    const found: Change[] = [];
    if (was.name !== field.name)
        found.push({ text: "A field is called otherwise. Clients that use the old name must be changed.", from: was.name, to: field.name });
    if (isMultiple(was) && !isMultiple(field))
        found.push({ text: `Field ${field.name} holds one value instead of several: of each record only the last is kept.`, danger: true });
    if (!isMultiple(was) && isMultiple(field))
        found.push({ text: `Field ${field.name} holds several values instead of one: clients get a list.` });
    if (was.hidden && !field.hidden)
        found.push({ text: `Field ${field.name} is no longer hidden: whoever sees a record sees it.`, danger: true });
    return found;
}

function rules(editing: Editing): Change[] {
    return RULES[editing.kind].flatMap((rule) => {
        const [before, after] = [ruleOf(editing.original as unknown as Collection, rule.name), ruleOf(editing.collection, rule.name)];
        if (before === after) return [];
        const danger = after !== null && !after.trim() && !!rule.warning;
        const out = rule.name === "authRule" ? " Everybody who is signed in must sign in again." : "";
        return [{ text: `The rule "${rule.label}" changes.${out}`, from: inWords(rule, before), to: inWords(rule, after), danger }];
    });
}

function accounts(editing: Editing): Change[] {
    if (editing.kind !== "auth") return [];
    const rotated = Object.keys(TOKENS).filter((name) => editing.value[name].secret);
    const invalid = rotated.map((name) => ({ text: `All ${TOKENS[name]} issued so far become invalid.`, danger: true }));
    return [...invalid, ...hosts(editing)];
}

const URLS = ["authURL", "tokenURL", "userInfoURL"] as const;

/** Providers that are asked at another host, who then says who somebody is. */
function hosts(editing: Editing): Change[] {
    const before = editing.original.oauth2.providers as Record<string, string>[];
    const after = editing.value.oauth2.providers as Record<string, string>[];
    return after.flatMap((provider) => {
        const was = before.find(({ name }) => name === provider.name);
        if (!was) return [];
        const moved = URLS.filter((key) => host(was[key]) !== host(provider[key]));
        return moved.map((key) => ({
            text: `Provider ${provider.displayName || provider.name} is asked at another host (${key}): it decides who somebody is.`,
            from: was[key] || "the usual one",
            to: provider[key] || "the usual one",
            danger: true,
        }));
    });
}

function host(url: string | undefined): string {
    return URL.canParse(url ?? "") ? new URL(url!).host : (url ?? "");
}

/** The collections whose relations name this one. */
export const naming = (id: string): string[] =>
    collections.all
        .filter((one) => one.id !== id && one.fields.some((field) => field.type === "relation" && field.collectionId === id))
        .map((one) => one.name);
