import type { RecordModel } from "pocketbase";
import type { Compare } from "./order";

/** A record in the list; `gone` while it fades. */
export interface Row {
    record: RecordModel;
    gone: boolean;
}

/** Records kept around what is shown, before those far off are forgotten. */
const KEPT = 4_000;
const NEAR = 1_000;

/** What stands where in a long list, of which only parts have been read. */
export class Places {
    #rows: (Row | undefined)[] = [];
    #known = new Map<string, Row>();

    get length(): number {
        return this.#rows.length;
    }

    at(place: number): Row | undefined {
        return this.#rows[place];
    }

    find(id: string): Row | undefined {
        return this.#known.get(id);
    }

    /** Filled up one by one, and not by setting its length: a sparse array is a slow dictionary. */
    resize(length: number): void {
        while (this.#rows.length < length) this.#rows.push(undefined);
        for (const row of this.#rows.splice(length)) if (row) this.#known.delete(row.record.id);
    }

    /** The pages in which rows from `first` to before `last` stand. */
    pages(first: number, last: number, size: number): number[] {
        const [from, to] = [Math.floor(first / size), Math.floor(Math.max(first, last - 1) / size)];
        return Array.from({ length: to - from + 1 }, (_, index) => from + index + 1);
    }

    /** Those of these pages that have rows which are not read. */
    missing(first: number, last: number, size: number): number[] {
        const end = Math.min(last, this.#rows.length);
        const places = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
        return [...new Set(places.filter((place) => !this.#rows[place]).map((place) => Math.floor(place / size) + 1))];
    }

    /** A record as it was read at a place. Answers the fields that differ from what was known of it. */
    put(place: number, record: RecordModel): string[] {
        this.resize(Math.max(this.#rows.length, place + 1));
        const [known, before] = [this.#known.get(record.id), this.#rows[place]];
        if (before && before !== known) this.#known.delete(before.record.id);
        if (known && before !== known) this.#forget(known);
        const changed = known ? this.renew(known, record) : [];
        this.#rows[place] = known ?? { record, gone: false };
        this.#known.set(record.id, this.#rows[place]);
        return changed;
    }

    #forget(row: Row): void {
        const place = this.#rows.indexOf(row);
        if (place >= 0) this.#rows[place] = undefined;
    }

    /** All that is known is these records, from a place on. Answers what differs in those that were known before. */
    replace(start: number, records: RecordModel[]): [id: string, fields: string[]][] {
        const before = this.#known;
        const length = Math.max(this.#rows.length, start + records.length);
        [this.#rows, this.#known] = [[], new Map()];
        this.resize(length);
        const changed: [string, string[]][] = [];
        for (const [index, record] of records.entries()) {
            const row = before.get(record.id) ?? { record, gone: false };
            const fields = this.renew(row, record);
            if (fields.length) changed.push([record.id, fields]);
            row.gone = false;
            this.#rows[start + index] = row;
            this.#known.set(record.id, row);
        }
        return changed;
    }

    /** What is known of a record now; answers the fields that differ. */
    renew(row: Row, record: RecordModel): string[] {
        const before = row.record;
        row.record = record;
        return before === record ? [] : Object.keys(record).filter((name) => name !== "expand" && differ(before[name], record[name]));
    }

    /** One more row at a place; without a record it is known by number only. */
    insert(place: number, record: RecordModel | undefined): void {
        const row = record && { record, gone: false };
        this.#rows.splice(place, 0, row);
        if (row) this.#known.set(row.record.id, row);
    }

    /** Takes a row out; answers where it stood. */
    remove(row: Row): number {
        const place = this.#rows.indexOf(row);
        if (place >= 0) this.#rows.splice(place, 1);
        if (this.#known.get(row.record.id) === row) this.#known.delete(row.record.id);
        return place < 0 ? Infinity : place;
    }

    /** Where a record belongs, looked for between `first` and `last`; before or behind all of these where it is outside. */
    search(record: RecordModel, compare: Compare, first: number, last: number): number {
        const end = Math.min(last, this.#rows.length);
        for (let place = first; place < end; place++) {
            const row = this.#rows[place];
            if (row && compare(record, row.record) < 0) return place;
        }
        return end;
    }

    /** Forgets what is far from what is shown, when much is known. */
    prune(first: number, last: number): void {
        if (this.#known.size <= KEPT) return;
        for (const [place, row] of this.#rows.entries()) {
            if (!row || (place >= first - NEAR && place < last + NEAR)) continue;
            this.#rows[place] = undefined;
            this.#known.delete(row.record.id);
        }
    }
}

function differ(one: unknown, other: unknown): boolean {
    if (one === other) return false;
    return typeof one === "object" || typeof other === "object" ? JSON.stringify(one) !== JSON.stringify(other) : true;
}
