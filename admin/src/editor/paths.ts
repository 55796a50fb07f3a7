import { collections, type Collection, type Field } from "../api/collections.svelte";

/** How many relations a path may follow. */
export const MAX_RELATIONS = 6;

/** A name that may stand next in a path. */
export interface Step {
    name: string;
    /** What it is, in a few words: `text`, `relation to users`. */
    detail: string;
    field?: Field;
    /** The collections whose names may follow; none where the path ends. */
    to: Collection[];
}

/** Field types that hold, or may hold, several values. */
const LISTS = ["file", "relation", "select"];
const isList = (field: Field | undefined): boolean => !!field && LISTS.includes(field.type);

/** The catalog as a rule of `own` sees it, which may not be saved yet. */
function known(own?: Collection): Collection[] {
    return own ? [own, ...collections.all.filter((one) => one.id !== own.id)] : collections.all;
}

/** Finds the names of paths; `own` is the collection whose rule is written. */
export class Paths {
    #own: Collection;

    constructor(own: Collection) {
        this.#own = own;
    }

    get all(): Collection[] {
        return known(this.#own);
    }

    get accounts(): Collection[] {
        return this.all.filter((one) => one.type === "auth");
    }

    find(nameOrId: string): Collection | undefined {
        return this.all.find((one) => one.id === nameOrId || one.name === nameOrId);
    }

    /** The names that may follow in these collections; of several collections those of any. */
    steps(from: Collection[], { relations = true } = {}): Step[] {
        const found = new Map<string, Step>();
        for (const collection of from) {
            const back = relations ? this.#back(collection) : [];
            for (const step of [...this.#fields(collection), ...back]) found.set(step.name, merged(found.get(step.name), step));
        }
        return [...found.values()];
    }

    /** What the names of a path lead to, starting in these collections; undefined where one of them does not exist. */
    follow(from: Collection[], path: string[]): Step | undefined {
        let step: Step | undefined;
        let places = from;
        for (const name of path) {
            step = this.steps(places).find((one) => one.name === name);
            if (!step) return undefined;
            places = step.to;
        }
        return step;
    }

    #fields(collection: Collection): Step[] {
        return collection.fields.filter(nameable).map((field) => this.#field(field));
    }

    #field(field: Field): Step {
        const target = field.type === "relation" ? this.find(field.collectionId) : undefined;
        return { name: field.name, field, detail: target ? `relation to ${target.name}` : field.type, to: target ? [target] : [] };
    }

    /** `comments_via_post`: the records of other collections that name this one. */
    #back(collection: Collection): Step[] {
        const naming = (field: Field): boolean => field.type === "relation" && field.collectionId === collection.id;
        return this.all.flatMap((source) =>
            source.fields
                .filter(naming)
                .map((field) => ({ name: `${source.name}_via_${field.name}`, detail: `${source.name} that name it`, to: [source] })),
        );
    }
}

/** Passwords and token keys are nothing to compare with. */
const nameable = (field: Field): boolean => !!field.name && field.type !== "password" && !(field.system && field.hidden);

function merged(before: Step | undefined, step: Step): Step {
    return before ? { ...before, to: [...before.to, ...step.to] } : step;
}

/** The modifiers a name may take; `body` where it is a value of the request. */
export function modifiers(field: Field | undefined, body = false): string[] {
    if (body) return [":isset", ...(field ? [":changed"] : []), ":lower", ...(isList(field) ? [":length", ":each"] : [])];
    if (isList(field)) return [":length", ":each", ":lower"];
    return field ? [":lower"] : [];
}
