import { ClientResponseError, type RecordModel } from "pocketbase";
import { SvelteSet } from "svelte/reactivity";
import type { Collection, Field } from "../../api/collections.svelte";
import { fieldErrors, sentence, type FieldErrors } from "../../api/errors";
import { read, write, type Tagged } from "./transport";
import { changed, editable, editableValues, many, same, sendable, shownFields, unsendable, type FileItem, type Values } from "./values";

/** One record on its way: what it was when it was opened, what it is to become, and the saving of it. */
export class RecordForm {
    readonly collection: Collection;
    id = $state<string | null>(null);
    /** As it was opened or last saved; null for a new one. */
    base = $state.raw<RecordModel | null>(null);
    tag = "";
    values = $state<Values>({});
    /** Text fields for which the server is to make a new value. */
    renewed = new SvelteSet<string>();
    errors = $state.raw<FieldErrors>({});
    problem = $state("");
    busy = $state(false);
    /** How much of the files is sent, 0 to 1; null where none are. */
    progress = $state<number | null>(null);
    /** Another state of the record, made elsewhere while this one is being changed. */
    elsewhere = $state.raw<Tagged | null>(null);
    /** That state is in the way of saving, or is to be looked at. */
    conflict = $state(false);
    /** Deleted elsewhere: saving makes it anew. */
    gone = $state(false);
    /** Keeps what is unsaved in the browser. */
    draft: { clear: () => void } | null = null;
    readonly #given: Values;
    #upload: AbortController | null = null;

    constructor(collection: Collection, opened: Tagged | null, initial: Record<string, unknown> = {}) {
        this.collection = collection;
        this.#given = opened ? {} : { ...editableValues(collection, null), ...given(collection, initial) };
        if (opened) this.take(opened);
        else this.values = { ...this.#given };
    }

    static async open(collection: Collection, id: string | null, initial?: Record<string, unknown>): Promise<RecordForm> {
        return new RecordForm(collection, id === null ? null : await read(collection.name, id), initial);
    }

    get fields(): Field[] {
        return shownFields(this.collection);
    }

    readonly #saved = $derived.by(() => (this.base ? editableValues(this.collection, this.base) : this.#given));
    readonly #changes = $derived.by(() => changed(this.collection, this.#saved, this.values));
    readonly #touched = $derived.by(() => new Set([...this.#changes.map(({ name }) => name), ...this.renewed]));

    /** The values that count as unchanged. */
    saved(): Values {
        return this.#saved;
    }

    set(name: string, value: unknown): void {
        this.values[name] = value;
        this.renewed.delete(name);
        if (!(name in this.errors)) return;
        const { [name]: _, ...others } = this.errors;
        this.errors = others;
    }

    /** The fields that would be sent. */
    changes(): Field[] {
        return this.#changes;
    }

    /** Would a save change this field? */
    touched(name: string): boolean {
        return this.#touched.has(name);
    }

    get dirty(): boolean {
        return this.#touched.size > 0;
    }

    /** The message about a field or a part of its value. */
    error(name: string): string | undefined {
        return this.errors[name] ?? Object.entries(this.errors).find(([key]) => key.startsWith(`${name}.`))?.[1];
    }

    /** Goes on from a state of the record as the server has it. */
    take(opened: Tagged): void {
        this.id = opened.record.id;
        this.base = opened.record;
        this.tag = opened.tag;
        this.values = editableValues(this.collection, opened.record);
        this.#settled();
    }

    /** Everything as it was opened. */
    reset(): void {
        this.values = { ...this.saved() };
        this.#settled();
    }

    /** Drops what is not saved, here and in the browser. */
    forget(): void {
        this.reset();
        this.draft?.clear();
    }

    #settled(): void {
        this.renewed.clear();
        [this.errors, this.problem] = [{}, ""];
        [this.elsewhere, this.conflict, this.gone] = [null, false, false];
    }

    // ---- saving

    /** Saves, does what is to follow at once, and answers the record; null where it could not be, for the reasons that the form then shows. */
    async save(then?: (saved: RecordModel) => Promise<void>): Promise<RecordModel | null> {
        if (this.busy || !this.#valid()) return null;
        [this.busy, this.errors, this.problem] = [true, {}, ""];
        try {
            const sent = { ...this.values };
            this.#continue(await this.#ordered(await this.#send(), sent), sent);
            await then?.(this.base!);
            return this.base;
        } catch (error) {
            await this.#refused(error);
            return null;
        } finally {
            [this.busy, this.progress, this.#upload] = [false, null, null];
        }
    }

    /** Goes on from what was saved, with what was typed meanwhile. */
    #continue(saved: Tagged, sent: Values): void {
        const now = this.values;
        this.draft?.clear();
        this.take(saved);
        for (const field of this.fields) {
            if (!same(field, now[field.name], sent[field.name])) this.values[field.name] = now[field.name];
        }
    }

    cancelUpload(): void {
        this.#upload?.abort();
    }

    #valid(): boolean {
        const wrong = this.changes().map((field): [string, string] => [field.name, unsendable(field, this.values[field.name])]);
        this.errors = Object.fromEntries(wrong.filter(([, message]) => message));
        this.problem = Object.keys(this.errors).length ? "Something cannot be saved as it is." : "";
        return !this.problem;
    }

    #send(): Promise<Tagged> {
        this.#upload = new AbortController();
        const options = { signal: this.#upload.signal, onprogress: (part: number) => (this.progress = part) };
        if (this.id === null || this.gone) return write(this.collection.name, null, this.#whole(), options);
        return write(this.collection.name, this.id, this.#payload(this.changes()), { ...options, tag: this.tag });
    }

    /** All that a new record needs: what is empty goes without saying, and files are only its own. */
    #whole(): Values {
        const empty = editableValues(this.collection, null);
        const uploads = Object.fromEntries(
            this.fields
                .filter(({ type }) => type === "file")
                .map(({ name }) => [name, (this.values[name] as FileItem[]).filter((item) => item instanceof File)]),
        );
        const payload = this.#payload(changed(this.collection, empty, { ...this.values, ...uploads }), uploads);
        return this.id ? { ...payload, id: this.id } : payload;
    }

    #payload(fields: Field[], instead: Values = {}): Values {
        const payload: Values = {};
        for (const field of fields) payload[field.name] = sendable(field, instead[field.name] ?? this.values[field.name]);
        for (const name of this.renewed) payload[`${name}:autogenerate`] = "";
        if (this.collection.type === "auth" && payload.password) payload.passwordConfirm = payload.password;
        return payload;
    }

    /** New files come behind the old ones: where they are wanted elsewhere, says so now that they have names. */
    async #ordered(saved: Tagged, wanted: Values): Promise<Tagged> {
        const order: Values = {};
        for (const field of this.fields) {
            if (field.type !== "file" || !many(field)) continue;
            const now = saved.record[field.name] as string[];
            const asked = namedIn(wanted[field.name] as FileItem[], now);
            if (asked.join("/") !== now.join("/")) order[field.name] = asked;
        }
        return Object.keys(order).length ? write(this.collection.name, saved.record.id, order, { tag: saved.tag }) : saved;
    }

    async #refused(error: unknown): Promise<void> {
        const status = error instanceof ClientResponseError ? error.status : 0;
        if (status === 412 && this.id) {
            await this.look();
            this.conflict = !!this.elsewhere;
            if (this.conflict) return;
        }
        if (status === 404 && this.id) {
            this.gone = true;
            return;
        }
        [this.errors, this.problem] = [fieldErrors(error), sentence(error)];
    }

    // ---- others who change the same record

    /** Asks the server how the record stands now: taken in where nothing is unsaved, else told. Throws nothing. */
    async look(): Promise<void> {
        if (!this.id) return;
        try {
            const now = await read(this.collection.name, this.id);
            if (now.tag === this.tag) return;
            if (this.dirty) this.elsewhere = now;
            else this.take(now);
        } catch (error) {
            this.gone = error instanceof ClientResponseError && error.status === 404;
        }
    }

    /** The fields that were changed elsewhere since this record was opened. */
    differing(): Field[] {
        if (!this.elsewhere) return [];
        const theirs = editableValues(this.collection, this.elsewhere.record);
        return changed(this.collection, this.saved(), theirs);
    }

    /** Goes on from the other state; of the fields in `mine`, with the values of this form. */
    merge(mine: Set<string>): void {
        if (!this.elsewhere) return;
        const own = new Set(this.changes().map((field) => field.name));
        const theirs = this.differing().map((field) => field.name);
        const kept = Object.fromEntries(
            Object.entries(this.values).filter(([name]) => mine.has(name) || (own.has(name) && !theirs.includes(name))),
        );
        const renewed = [...this.renewed];
        this.take(this.elsewhere);
        Object.assign(this.values, kept);
        for (const name of renewed) this.renewed.add(name);
    }
}

/** Values of a record that is to be made, as inputs hold them; what is an input's value already stays. */
function given(collection: Collection, initial: Record<string, unknown>): Values {
    const known = shownFields(collection).filter(({ name }) => name in initial);
    return Object.fromEntries(known.map((field) => [field.name, field.type === "password" ? "" : editable(field, initial[field.name])]));
}

/** The order that is wanted, with the names that new files were given; `now` has them last, in their order. */
function namedIn(wanted: FileItem[], now: string[]): string[] {
    const fresh = now.slice(now.length - wanted.filter((item) => item instanceof File).length);
    return wanted.map((item) => (item instanceof File ? fresh.shift()! : item));
}
