import { SvelteSet } from "svelte/reactivity";
import type { Collection, Field } from "../../api/collections.svelte";

/** A column of the list: a field, and how much room it takes. */
export interface Column {
    field: Field;
    name: string;
    sortable: boolean;
    /** At the least, in pixels. */
    width: number;
    /** Its share of what is left over. */
    share: number;
}

const WIDTHS: Record<string, [width: number, share: number]> = {
    text: [190, 2],
    editor: [220, 3],
    json: [210, 2],
    number: [110, 0.5],
    bool: [96, 0.3],
    date: [196, 0.3],
    autodate: [196, 0.3],
    email: [220, 1],
    url: [220, 1],
    file: [170, 0.5],
    relation: [190, 1],
    select: [170, 1],
    geoPoint: [190, 0.5],
};
const NEVER = new Set(["password"]);
const UNSORTABLE = new Set(["geoPoint", "json", "file"]);
/** Shown with the email itself, unless asked for. */
const SELDOM = new Set(["emailVisibility"]);

function columnsOf(collection: Collection): Column[] {
    const secret = (field: Field): boolean => NEVER.has(field.type) || (collection.type === "auth" && field.name === "tokenKey");
    return collection.fields.filter((field) => !secret(field)).map(column);
}

function column(field: Field): Column {
    const [width, share] = field.name === "id" ? [168, 0] : (WIDTHS[field.type] ?? [180, 1]);
    return { field, name: field.name, sortable: !UNSORTABLE.has(field.type), width, share };
}

/** The columns of a collection, and which of them are shown; kept in this browser. */
export class Columns {
    #collection: () => Collection;
    #key: string;
    #hidden: SvelteSet<string>;
    all = $derived.by(() => columnsOf(this.#collection()));
    shown = $derived.by(() => this.all.filter((one) => this.has(one)));

    constructor(collection: () => Collection) {
        const { id, fields } = collection();
        this.#collection = collection;
        this.#key = `pbtornado_columns:${id}`;
        this.#hidden = new SvelteSet(kept(this.#key) ?? fields.filter((field) => SELDOM.has(field.name)).map((field) => field.id));
    }

    has(column: Column): boolean {
        return !this.#hidden.has(column.field.id);
    }

    /** Shows or hides a column; one always stays. */
    toggle(column: Column): void {
        const { id } = column.field;
        if (this.#hidden.has(id)) this.#hidden.delete(id);
        else if (this.shown.length > 1) this.#hidden.add(id);
        localStorage.setItem(this.#key, JSON.stringify([...this.#hidden]));
    }

    showAll(): void {
        this.#hidden.clear();
        localStorage.setItem(this.#key, "[]");
    }
}

function kept(key: string): string[] | null {
    try {
        const found: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
        return Array.isArray(found) ? found.map(String) : null;
    } catch {
        return null;
    }
}
