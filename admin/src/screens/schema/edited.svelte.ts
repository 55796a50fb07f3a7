import { collections, type Collection, type Field, type Kind } from "../../api/collections.svelte";
import { below, type FieldErrors } from "../../api/errors";
import { tokens } from "../../editor/tokens";
import { FIELD_TYPES } from "./fieldTypes";
import { build, freshName, hasColumn, onTable, parse, renameColumn } from "./indexes";
import { RULES, ruleOf, type RuleName } from "./ruleNames";
import { relationFor, TEMPLATES, type Template } from "./templates";

/**
 * A field while it is edited: `key` stays, whatever its name and place; a `removed` one goes when the collection is saved,
 * and took its indexes along.
 */
export type EditedField = Field & { key: string; removed?: boolean; took?: string[] };

/** A collection while it is edited, as plain data that a draft can keep. */
export interface Edited {
    id: string;
    name: string;
    type: Kind;
    system: boolean;
    fields: EditedField[];
    indexes: string[];
    /** The template whose rules a new one was given last. */
    template?: string;
    /** Rules and the options of its kind. */
    [option: string]: any;
}

/** The collection that is edited, what it was, and what the server said about it. */
export class Editing {
    value = $state<Edited>() as Edited;
    /** What is stored; of a new collection what it began as. */
    original = $state.raw<Edited>() as Edited;
    errors = $state.raw<FieldErrors>({});
    /** The fields that the query of a view gives, as it is now. */
    found = $state.raw<Field[] | null>(null);
    readonly locked: boolean;

    constructor(from: Edited, locked: boolean) {
        this.original = from;
        this.value = structuredClone(from);
        this.locked = locked;
    }

    get kind(): Kind {
        return this.value.type;
    }

    get isNew(): boolean {
        return !this.value.id;
    }

    /** The collection as completion and lists of fields need it. */
    get collection(): Collection {
        const fields = this.found ?? this.kept;
        return { ...this.value, fields } as unknown as Collection;
    }

    get kept(): EditedField[] {
        return this.value.fields.filter((field) => !field.removed);
    }

    was(field: EditedField): EditedField | undefined {
        return this.original.fields.find((one) => one.id && one.id === field.id);
    }

    errorsOf(field: EditedField): FieldErrors {
        return below(this.errors, `fields.${field.key}`);
    }

    /** Takes in what was saved, or throws away what was changed. */
    reset(from: Edited = this.original): void {
        this.original = from;
        this.value = structuredClone(from);
        this.errors = {};
        this.found = null;
    }

    /** What may be kept in the browser: that a secret was given, and not which. */
    get draft(): Edited {
        return JSON.parse(JSON.stringify(this.value, (key, value) => (SECRETS.includes(key) ? "" : value))) as Edited;
    }

    /** What is sent: all of a new collection, of another what changed. */
    payload(): Record<string, unknown> {
        const sent = plain($state.snapshot(this.value) as Edited);
        if (this.isNew) return sent;
        const before = plain(this.original);
        return Object.fromEntries(Object.entries(sent).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key])));
    }

    /** What the server would not say: of two fields with one name it takes the last. */
    problems(): FieldErrors {
        const seen = new Set<string>();
        const found: FieldErrors = {};
        for (const { key, name } of this.kind === "view" ? [] : this.kept) {
            if (!name) found[`fields.${key}.name`] = "A field needs a name.";
            else if (seen.has(name.toLowerCase())) found[`fields.${key}.name`] = "Another field is called like that.";
            seen.add(name.toLowerCase());
        }
        return found;
    }

    /** Takes in the server's messages; those about fields are kept by the field, not by its place. */
    refuse(errors: FieldErrors): void {
        const keys = this.kept.map((field) => field.key);
        this.errors = Object.fromEntries(
            Object.entries(errors).map(([path, message]) => [
                path.replace(/^fields\.(\d+)/, (_, at: string) => `fields.${keys[Number(at)] ?? at}`),
                message,
            ]),
        );
    }

    // ---- fields

    add(type: string, given: Partial<Field> = {}): EditedField {
        const field: EditedField = {
            id: "",
            key: freshKey(),
            name: "",
            type,
            system: false,
            hidden: false,
            presentable: false,
            help: "",
            required: false,
            ...structuredClone(FIELD_TYPES[type]!.initial),
            ...given,
        };
        const first = this.value.fields.findIndex((one) => one.type === "autodate" && one.key.startsWith("auto:"));
        this.value.fields.splice(first < 0 ? this.value.fields.length : first, 0, field);
        return this.value.fields.find((one) => one.key === field.key)!;
    }

    duplicate(field: EditedField): EditedField {
        const copy = {
            ...($state.snapshot(field) as EditedField),
            id: "",
            key: freshKey(),
            system: false,
            removed: false,
            primaryKey: false,
            name: this.#free(`${field.name}_copy`),
        };
        this.value.fields.splice(this.value.fields.indexOf(field) + 1, 0, copy);
        return copy;
    }

    /** A field that is not stored yet goes at once, another when the collection is saved. */
    remove(field: EditedField): void {
        const indexes = this.value.indexes;
        const took = indexes.filter((sql) => hasColumn(sql, field.name));
        this.value.indexes = indexes.filter((sql) => !took.includes(sql));
        if (field.id) Object.assign(field, { removed: true, took });
        else this.value.fields = this.value.fields.filter((one) => one.key !== field.key);
    }

    restore(field: EditedField): void {
        this.value.indexes.push(...(field.took ?? []));
        delete field.removed;
        delete field.took;
    }

    /** The fields in another order. */
    order(keys: string[]): void {
        this.value.fields = keys.flatMap((key) => this.value.fields.filter((field) => field.key === key));
    }

    /** Another name for a field; indexes, rules and options that speak of it follow. */
    rename(field: EditedField, name: string): void {
        const from = field.name;
        field.name = name;
        if (!from || !name || from === name) return;
        this.value.indexes = this.value.indexes.map((sql) => renameColumn(sql, from, name));
        for (const rule of RULES[this.kind]) this.setRule(rule.name, renamedIn(ruleOf(this.collection, rule.name), from, name));
        if (this.kind === "auth") this.#renameOption(from, name);
    }

    #renameOption(from: string, name: string): void {
        const { passwordAuth, oauth2 } = this.value;
        passwordAuth.identityFields = passwordAuth.identityFields.map((one: string) => (one === from ? name : one));
        for (const [key, field] of Object.entries(oauth2.mappedFields)) if (field === from) oauth2.mappedFields[key] = name;
    }

    #free(name: string): string {
        const taken = this.value.fields.map((field) => field.name.toLowerCase());
        let free = name;
        for (let number = 2; taken.includes(free.toLowerCase()); number++) free = name + number;
        return free;
    }

    // ---- rules

    setRule(name: RuleName, rule: string | null): void {
        this.value[name] = rule;
    }

    /** Takes a template's rules, with the relation to accounts they need; one that another template brought goes. */
    apply(template: Template, accounts?: Collection): void {
        this.value.fields = this.value.fields.filter((field) => !field.key.startsWith("template:"));
        const needs = template.needs;
        let relation = "";
        if (needs && accounts) {
            const found = relationFor(template, this.kept, accounts);
            const given = {
                key: `template:${needs.name}`,
                name: this.#free(needs.name),
                collectionId: accounts.id,
                required: true,
                maxSelect: needs.several ? 999 : 1,
            };
            relation = (found ?? this.add("relation", given)).name;
        }
        for (const [name, rule] of Object.entries(template.rules(relation))) this.setRule(name as RuleName, rule ?? null);
        this.value.template = template.id;
    }
}

const SECRETS = ["secret", "clientSecret"];

/** The collection as the server knows it; secrets that were not given are left out, so that the stored ones stay. */
function plain({ id, fields, template, created, updated, ...rest }: Edited): Record<string, unknown> {
    const sent = fields.filter((field) => !field.removed).map(({ key, removed, took, ...field }) => ({ ...field, ...atMost(field) }));
    const indexes = rest.indexes.map((sql) => onTable(sql, rest.name));
    const given = { ...rest, indexes, ...(rest.type === "view" ? {} : { fields: sent }) };
    return JSON.parse(JSON.stringify(given, (key, value) => (SECRETS.includes(key) && !value ? undefined : value))) as Record<
        string,
        unknown
    >;
}

let made = 0;
const freshKey = (): string => `new:${Date.now().toString(36)}${++made}`;

/** A stored collection, to be edited. */
export function editable(collection: Collection): Edited {
    const copy = structuredClone($state.snapshot(collection)) as unknown as Edited;
    return { ...copy, fields: copy.fields.map((field) => ({ ...field, ...(takesAll(field) ? { maxSelect: ALL } : {}), key: field.id })) };
}

/** Stands for all choices of a list, however many they become. */
export const ALL = 999;

const takesAll = (field: Partial<Field>): boolean =>
    field.type === "select" && field.maxSelect > 1 && field.maxSelect >= field.values.length;

const atMost = (field: Partial<Field>): Partial<Field> => (takesAll(field) ? { maxSelect: Math.max(field.values.length, 1) } : {});

/** A new collection of a kind, from the server's scaffold. */
export function blank(scaffold: Collection): Edited {
    const edited = editable(scaffold);
    const dates = [
        { name: "created", onCreate: true, onUpdate: false },
        { name: "updated", onCreate: true, onUpdate: true },
    ];
    if (scaffold.type !== "view") {
        for (const { name, ...on } of dates)
            edited.fields.push({
                id: "",
                key: `auto:${name}`,
                name,
                type: "autodate",
                system: false,
                hidden: false,
                presentable: false,
                ...on,
            } as EditedField);
    }
    return { ...edited, ...TEMPLATES[edited.type][0]!.rules(""), id: "" };
}

/** A copy of a collection, to be made a new one. */
export function copied(from: Collection): Edited {
    const { created, updated, ...edited } = editable(from);
    const name = freeName(`${from.name}_copy`);
    const indexes = edited.indexes.map((sql) => {
        const index = parse(sql);
        return index ? build({ ...index, name: freshName(), table: name }) : sql;
    });
    return { ...edited, id: "", name, system: false, indexes, fields: edited.fields.map((field) => ({ ...field, id: "" })) } as Edited;
}

function freeName(name: string): string {
    let free = name;
    for (let number = 2; collections.find(free); number++) free = name + number;
    return free;
}

/** A rule in which a field of the collection is called otherwise. */
function renamedIn(rule: string | null, from: string, to: string): string | null {
    if (!rule || !/^\w+$/.test(from)) return rule;
    let text = rule;
    for (const token of tokens(rule).reverse()) {
        if (token.kind !== "name") continue;
        const renamed = token.text.replace(new RegExp(`^((?:@request\\.body\\.)?)${from}(?=[.:]|$)`), `$1${to}`);
        text = text.slice(0, token.from) + renamed + text.slice(token.from + token.text.length);
    }
    return text;
}
