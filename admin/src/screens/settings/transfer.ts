import type { Collection, Field } from "../../api/collections.svelte";

// Collections as a file, and what taking one in would do to those that are here.

type Plain = Record<string, any>;

/** A collection of a file: at least a name, and whatever else the file says of it. */
export type Imported = Plain & { name: string; id?: string; fields?: Field[] };

/** One value before and after. */
export interface Altered {
    what: string;
    from?: string;
    to?: string;
}

export interface Difference {
    kind: "added" | "changed" | "removed";
    name: string;
    altered: Altered[];
    /** What is lost by it, as sentences. */
    losses: string[];
    before: Plain | null;
    after: Plain | null;
}

const NOT_CARRIED = ["created", "updated"];
const SCALARS = ["string", "number", "boolean"];

/** A collection as it stands in a file: without times, and without providers, whose secrets nobody is told. */
export function carried(collection: Collection | Imported): Plain {
    const { oauth2, ...rest } = Object.fromEntries(Object.entries(collection).filter(([key]) => !NOT_CARRIED.includes(key))) as Plain;
    if (!oauth2) return rest;
    const { providers: _, ...others } = oauth2;
    return { ...rest, oauth2: others };
}

export const asText = (collections: (Collection | Imported)[]): string => JSON.stringify(collections.map(carried), null, 4);

/** The collections of a file. Throws an Error that says what is wrong with it. */
export function parsed(text: string): Imported[] {
    let found: unknown;
    try {
        found = JSON.parse(text);
    } catch (error) {
        throw new Error(`This is no JSON: ${(error as Error).message}`);
    }
    if (!Array.isArray(found)) throw new Error("A list of collections is wanted: [ {…}, {…} ].");
    if (!found.length) throw new Error("The list is empty.");
    const names = new Set<string>();
    for (const [index, one] of found.entries()) {
        const name = (one as Plain | null)?.name;
        if (!one || typeof one !== "object" || typeof name !== "string" || !name)
            throw new Error(`Item ${index + 1} of the list is no collection: it has no name.`);
        if (names.has(name.toLowerCase())) throw new Error(`The collection ${name} is there twice.`);
        const fields = (one as Plain).fields;
        if (fields !== undefined && !(Array.isArray(fields) && fields.every((field) => field && typeof field.name === "string")))
            throw new Error(`The fields of ${name} are no list of fields.`);
        names.add(name.toLowerCase());
    }
    return found as Imported[];
}

/** The collection here that the server would change for this one: that of its id, and where it has none of its name. */
const own = (one: Imported, here: Collection[]): Collection | undefined =>
    one.id ? here.find(({ id }) => id === one.id) : here.find(({ name }) => name.toLowerCase() === one.name.toLowerCase());

const sameField = (field: Field, fields: Field[]): Field | undefined =>
    fields.find(({ name, type }) => name === field.name && type === field.type);

/** Collections and fields of the same names that have other ids here. */
export function foreign(file: Imported[], here: Collection[]): string[] {
    return file.flatMap((one) => {
        const twin = here.find(({ id, name }) => id === one.id || name.toLowerCase() === one.name.toLowerCase());
        if (!twin) return [];
        if (one.id && twin.id !== one.id) return [one.name];
        const fields = (one.fields ?? []).filter(
            (field) => field.id && !twin.fields.some(({ id }) => id === field.id) && sameField(field, twin.fields),
        );
        return twin.type === "view" ? [] : fields.map(({ name }) => `${one.name}.${name}`);
    });
}

/** The file with the ids of collections and fields that have the same names here, also where relations name them. */
export function withOwnIds(file: Imported[], here: Collection[]): Imported[] {
    const ids = new Map<string, string>();
    const twins = file.map((one) => {
        const twin = here.find(({ id }) => id === one.id) ?? here.find(({ name }) => name.toLowerCase() === one.name.toLowerCase());
        if (one.id && twin) ids.set(one.id, twin.id);
        return twin;
    });
    return file.map((one, index) => {
        const twin = twins[index];
        const fields = one.fields?.map((field) => {
            const own = twin?.fields.some(({ id }) => id === field.id) ? undefined : sameField(field, twin?.fields ?? []);
            const related = ids.get(String(field.collectionId));
            return { ...field, ...(own ? { id: own.id } : {}), ...(related ? { collectionId: related } : {}) };
        });
        return { ...one, ...(twin ? { id: twin.id } : {}), ...(fields ? { fields } : {}) };
    });
}

/** What importing would do, collection by collection. With `remove`, what is not in the file goes. */
export function differences(file: Imported[], here: Collection[], remove: boolean): Difference[] {
    const kept = new Set(file.map((one) => own(one, here)?.id).filter(Boolean));
    const removed = remove ? here.filter(({ id, system }) => !system && !kept.has(id)) : [];
    const found = file.map((one) => difference(one, own(one, here), remove)).filter((one) => one !== null);
    return [...found, ...removed.map(removal)];
}

function removal(collection: Collection): Difference {
    const what = collection.type === "view" ? "The view is deleted." : "The collection is deleted with all its records and their files.";
    return { kind: "removed", name: collection.name, altered: [], losses: [what], before: carried(collection), after: null };
}

function difference(one: Imported, before: Collection | undefined, remove: boolean): Difference | null {
    if (!before) {
        const altered = (one.fields ?? []).map(({ name, type }) => ({ what: `Field ${name}`, to: type }));
        return { kind: "added", name: one.name, altered, losses: [], before: null, after: carried(one) };
    }
    const [old, now] = [carried(before), carried(merged(before, one, remove) as Imported)];
    const ofFields = before.type === "view" ? [] : fieldsAltered(old.fields, now.fields);
    const altered = [...Object.keys(now).flatMap((key) => (key === "fields" ? [] : valueAltered(key, old[key], now[key]))), ...ofFields];
    if (!altered.length) return null;
    return {
        kind: "changed",
        name: before.name,
        altered,
        losses: before.type === "view" ? [] : fieldLosses(old.fields, now.fields),
        before: old,
        after: now,
    };
}

/** A collection with the file's values over it, as the server would make it. */
function merged(before: Collection, one: Imported, remove: boolean): Plain {
    const over = layered(before as Plain, one);
    if (before.type === "view") return { ...over, fields: before.fields };
    const given = (one.fields ?? (remove ? [] : before.fields)).map((field) => {
        const old = before.fields.find(({ id }) => id === field.id) ?? (!remove || !field.id ? sameField(field, before.fields) : undefined);
        return old ? { ...old, ...field, id: old.id } : field;
    });
    const staying = before.fields.filter((field) => (field.system || !remove) && !given.some(({ id }) => id === field.id));
    return { ...over, fields: [...given, ...staying] };
}

function layered(before: Plain, over: Plain): Plain {
    const plain = (value: unknown): value is Plain => !!value && typeof value === "object" && !Array.isArray(value);
    const entries = Object.entries(over).map(([key, value]) => [
        key,
        plain(before[key]) && plain(value) ? layered(before[key], value) : value,
    ]);
    return { ...before, ...Object.fromEntries(entries) };
}

const shown = (value: unknown): string =>
    value === "" ? "(empty)" : SCALARS.includes(typeof value) ? String(value) : JSON.stringify(value);

const ruled = (value: unknown): string => (value === null ? "only superusers" : value === "" ? "everyone" : String(value));

function valueAltered(what: string, from: unknown, to: unknown): Altered[] {
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    const word = what.endsWith("Rule") ? ruled : shown;
    return [{ what, from: from === undefined ? undefined : word(from), to: to === undefined ? undefined : word(to) }];
}

function fieldsAltered(before: Field[], after: Field[]): Altered[] {
    const added = after
        .filter(({ id }) => !before.some((field) => field.id === id))
        .map(({ name, type }) => ({ what: `Field ${name}`, to: type }));
    const removed = before
        .filter(({ id }) => !after.some((field) => field.id === id))
        .map(({ name, type }) => ({ what: `Field ${name}`, from: type }));
    const changed = after.flatMap((field) => {
        const old = before.find(({ id }) => id === field.id);
        return old ? Object.keys(field).flatMap((key) => valueAltered(`Field ${old.name}: ${key}`, old[key], field[key])) : [];
    });
    return [...added, ...changed, ...removed];
}

const several = (field: Field): boolean => ["select", "relation", "file"].includes(field.type) && Number(field.maxSelect) > 1;

function fieldLosses(before: Field[], after: Field[]): string[] {
    return before.flatMap((field) => {
        const now = after.find(({ id }) => id === field.id);
        if (!now) return [`Field ${field.name} is deleted, and what all records store in it.`];
        return several(field) && !several(now)
            ? [`Field ${field.name} holds one value instead of several: of each record only the last is kept.`]
            : [];
    });
}
