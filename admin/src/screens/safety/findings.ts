import type { Collection } from "../../api/collections.svelte";
import type { Settings } from "../../api/settings.svelte";
import { href } from "../../route/router.svelte";

/** Something a careful person would look at. `key` changes when what it speaks of does. */
export interface Finding {
    key: string;
    weight: "danger" | "look" | "note";
    title: string;
    text: string;
    /** The rule it is about, to be opened; or a place where it is changed. */
    collection?: Collection;
    place?: string;
    code?: string;
}

type Verb = "createRule" | "updateRule" | "deleteRule";
const VERBS: Record<Verb, string> = { createRule: "create", updateRule: "change", deleteRule: "delete" };
const ANY_ACCOUNT = /^@request\.auth\.id\s*!=\s*(''|"")$/;

/** All findings, the weightiest first. */
export function findings(collections: Collection[], settings: Settings | null): Finding[] {
    const own = collections.filter((one) => !one.system);
    const found = [...own.flatMap(ofCollection), ...(settings ? ofSettings(settings, own) : [])];
    const order = ["danger", "look", "note"];
    return found.sort((a, b) => order.indexOf(a.weight) - order.indexOf(b.weight));
}

function ofCollection(collection: Collection): Finding[] {
    return [...writes(collection), ...reads(collection), ...accounts(collection), ...files(collection)];
}

function finding(collection: Collection, weight: Finding["weight"], what: string, title: string, text: string, code?: string): Finding {
    return { key: `${collection.id}:${what}:${code ?? ""}`, weight, title, text, collection, code };
}

function writes(collection: Collection): Finding[] {
    if (collection.type === "view") return [];
    return (Object.keys(VERBS) as Verb[]).flatMap((rule) => {
        const [verb, name, text] = [VERBS[rule], collection.name, collection[rule] as string | null];
        if (text === null) return [];
        if (text.trim() === "") return [openWrite(collection, rule)];
        if (rule === "createRule") return [];
        if (ANY_ACCOUNT.test(text.trim()))
            return [
                finding(
                    collection,
                    "look",
                    rule,
                    `Every account may ${verb} every record of ${name}`,
                    "The rule asks only whether somebody is signed in, not whose record it is.",
                    text,
                ),
            ];
        if (!/@request\.|@collection\./.test(text))
            return [
                finding(
                    collection,
                    "look",
                    rule,
                    `Who may ${verb} records of ${name} does not depend on who asks`,
                    "The rule looks at the record alone, so whoever can send a request may do it.",
                    text,
                ),
            ];
        return [];
    });
}

function openWrite(collection: Collection, rule: Verb): Finding {
    const { name, type } = collection;
    if (rule !== "createRule")
        return finding(
            collection,
            "danger",
            rule,
            `Everyone may ${VERBS[rule]} records of ${name}`,
            "Nobody has to be signed in: whoever finds the address of this server can do it, to every record.",
        );
    if (type === "auth")
        return finding(
            collection,
            "note",
            rule,
            `Everyone may sign up in ${name}`,
            "That is usual for apps with public registration. If accounts are made by invitation, lock the create rule.",
        );
    return finding(
        collection,
        "look",
        rule,
        `Everyone may create records in ${name}`,
        "Nobody has to be signed in. That suits contact forms; think of rate limits.",
    );
}

function reads(collection: Collection): Finding[] {
    const { name, type, listRule, viewRule } = collection;
    const found: Finding[] = [];
    if (listRule === "" || viewRule === "") {
        const what = listRule === "" ? "All records" : "Single records, by their id,";
        const text =
            type === "auth"
                ? "Accounts are visible to strangers; emails only where the account shows its own."
                : "Nobody has to be signed in. That is right for public content.";
        found.push(finding(collection, type === "auth" ? "look" : "note", "read", `${what} of ${name} can be read by everyone`, text));
    }
    if (listRule === null && viewRule !== null && type !== "view")
        found.push(
            finding(
                collection,
                "note",
                "list",
                `${name} can be viewed but not listed`,
                "Apps can open a record whose id they know, but lists and live lists stay empty for everyone but superusers.",
            ),
        );
    if ([listRule, viewRule, collection.createRule, collection.updateRule, collection.deleteRule].every((rule) => rule === null))
        found.push(
            finding(
                collection,
                "note",
                "locked",
                `Only superusers can use ${name}`,
                "Every rule is locked, so apps get nothing from it. If an app seems to find no records, this is why.",
            ),
        );
    return found;
}

function accounts(collection: Collection): Finding[] {
    if (collection.type !== "auth") return [];
    const { name } = collection;
    const found: Finding[] = [];
    if (collection.authRule === null)
        found.push(finding(collection, "look", "authRule", `Nobody can sign in to ${name}`, "Its sign-in rule is locked."));
    if (collection.manageRule && ANY_ACCOUNT.test(collection.manageRule.trim()))
        found.push(
            finding(
                collection,
                "danger",
                "manageRule",
                `Every account may manage all accounts of ${name}`,
                "Managing means changing emails and passwords of others without knowing the old ones.",
                collection.manageRule,
            ),
        );
    return found;
}

function files(collection: Collection): Finding[] {
    const open = collection.fields.filter((field) => field.type === "file" && !field.protected).map((field) => field.name);
    const restricted = collection.viewRule !== "" && collection.type !== "view";
    if (!open.length || !restricted) return [];
    const text =
        "The records are restricted, their files are not: whoever has a file's address can open it. Mark the field as protected to have the view rule decide.";
    return [
        finding(collection, "note", `files:${open.join()}`, `Files of ${collection.name} (${open.join(", ")}) need no permission`, text),
    ];
}

function ofSettings(settings: Settings, own: Collection[]): Finding[] {
    const found: Finding[] = [];
    const place = (path: string) => href(path);
    const https = settings.meta.appURL.startsWith("https://") || /localhost|127\.0\.0\.1/.test(settings.meta.appURL);
    if (!settings.rateLimits?.enabled)
        found.push({
            key: "rates",
            weight: "look",
            title: "Rate limits are off",
            text: "Passwords and codes can be tried as fast as the server answers. Switch the limits on before the server can be reached from outside.",
            place: place("/settings"),
        });
    if (!https)
        found.push({
            key: `url:${settings.meta.appURL}`,
            weight: "look",
            title: "The application's address has no https",
            text: "Links in letters lead to it; tokens in them could be read on the way.",
            place: place("/settings"),
            code: settings.meta.appURL,
        });
    if (own.some((one) => one.type === "auth") && !settings.smtp?.enabled)
        found.push({
            key: "smtp",
            weight: "note",
            title: "Letters go out through this machine's sendmail",
            text: "Without an SMTP server, letters to confirm addresses and reset passwords often end up as spam or nowhere.",
            place: place("/settings/mail"),
        });
    return found;
}
