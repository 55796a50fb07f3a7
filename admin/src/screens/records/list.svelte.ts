import type { RecordModel } from "pocketbase";
import type { Collection } from "../../api/collections.svelte";
import { pb } from "../../api/client";
import type { Change } from "./live.svelte";
import { orderOf, sortKeys, type Order } from "./order";
import { Places, type Row } from "./places";

/** Which records are listed, in which order, and with what. */
export interface Query {
    collection: Collection;
    filter: string;
    sort: string;
    expand: string;
    fields: string;
}

/** What just changed in a row that is shown, to be pointed out; `fields` null is all of it. */
export interface Flash {
    id: string;
    fields: string[] | null;
}

const PAGE = 100;
/** As long as the server's pages are at most; for ids alone. */
const LONG_PAGE = 1_000;
/** Read ahead of what is shown, in rows. */
const AHEAD = 40;
const READ_EVERY_MS = 80;
const FADE_MS = 450;
/** Places and totals that are only guessed are asked for this long after the first guess. */
const DOUBT_MS = 1_500;

/**
 * The records of a collection that a filter finds, as long as they are: those in sight are read page by page, the others are known by number only.
 * What is heard live is put where it belongs; where only the server knows that, what is in sight is read anew a moment later.
 */
export class RecordList {
    /** How many records there are; null until it is known. */
    total = $state<number | null>(null);
    /** Why the list could not be read. */
    problem = $state.raw<unknown>(null);
    /** The first page is on its way. */
    opening = $state(true);
    /** What is listed now: what was asked for last, and could be had. */
    opened = $state.raw<Query | null>(null);
    /** New records that stand above what is shown, or where only the server knows. */
    unseen = $state(0);
    /** Rows that came in above those that are shown since somebody looked; the view moves along by them. */
    moved = 0;
    flashes: Flash[] = [];
    #version = $state(0);
    #places = new Places();
    #query!: Query;
    #order: Order = null;
    #keys: string[] = [];
    #flight = new Map<number, AbortController>();
    /** Pages under way, and what is heard while they are. */
    #under = 0;
    #meanwhile = new Map<string, Change>();
    #fading = new Set<Row>();
    #first = 0;
    #last = 0;
    #readAt = 0;
    #reading: ReturnType<typeof setTimeout> | undefined;
    #doubting: ReturnType<typeof setTimeout> | undefined;
    #unsure = false;

    /** Counts what has changed in the rows. */
    get version(): number {
        return this.#version;
    }

    /** Rows, those not read yet too. */
    get length(): number {
        void this.#version;
        return this.#places.length;
    }

    /** The row at a place, if it has been read. */
    at(place: number): Row | undefined {
        void this.#version;
        return this.#places.at(place);
    }

    find(id: string): RecordModel | undefined {
        return this.#places.find(id)?.record;
    }

    /** Reads a list from its start. What was shown stays until the new one is there. */
    async open(query: Query): Promise<void> {
        this.close();
        this.#query = query;
        this.#order = orderOf(query.sort, query.collection);
        this.#keys = sortKeys(query.sort);
        [this.opening, this.problem, this.unseen] = [true, null, 0];
        const answer = await this.#page(1);
        if (!answer) return;
        this.#places = new Places();
        this.#fading.clear();
        [this.opening, this.total] = [false, null];
        this.#fill(1, answer);
        this.#version++;
        this.opened = query;
        if (this.#unsure) this.#doubt(true);
        if (this.total === null) await this.#count();
    }

    /** Nothing is read any more. */
    close(): void {
        clearTimeout(this.#reading);
        clearTimeout(this.#doubting);
        [this.#reading, this.#doubting, this.#unsure] = [undefined, undefined, false];
        for (const one of this.#flight.values()) one.abort();
        this.#flight.clear();
        this.#meanwhile.clear();
    }

    /** Says which rows are in sight; those that are missing will be read. */
    show(first: number, last: number): void {
        [this.#first, this.#last] = [first, last];
        if (this.opening || this.#reading !== undefined || !this.#wanted().length) return;
        const wait = Math.max(0, this.#readAt + READ_EVERY_MS - performance.now());
        this.#reading = setTimeout(() => this.#readShown(), wait);
    }

    #readShown(): void {
        [this.#reading, this.#readAt] = [undefined, performance.now()];
        const wanted = this.#wanted();
        for (const [page, under] of this.#flight) if (!wanted.includes(page)) (under.abort(), this.#flight.delete(page));
        for (const page of wanted) if (!this.#flight.has(page)) void this.#read(page);
    }

    /** The pages that are in sight, or will soon be, and have rows that are not read. */
    #wanted(): number[] {
        return this.#places.missing(Math.max(0, this.#first - AHEAD), this.#last + AHEAD, PAGE);
    }

    async #read(page: number): Promise<void> {
        const under = new AbortController();
        this.#flight.set(page, under);
        const answer = await this.#page(page, under.signal);
        if (this.#flight.get(page) === under) this.#flight.delete(page);
        if (!answer) return;
        this.problem = null;
        this.#fill(page, answer);
        this.#version++;
    }

    /** A page as the server has it; null where it is not wanted any more or could not be had. */
    async #page(page: number, signal?: AbortSignal): Promise<RecordModel[] | null> {
        const query = this.#query;
        const { collection, filter, sort, expand, fields } = query;
        this.#under++;
        try {
            const found = await pb.collection(collection.id).getList(page, PAGE, { filter, sort, expand, fields, skipTotal: true, signal });
            return signal?.aborted || this.#query !== query ? null : found.items;
        } catch (error) {
            if (!signal?.aborted && this.#query === query) [this.problem, this.opening] = [error, false];
            return null;
        } finally {
            this.#under--;
            setTimeout(() => this.#under || this.#meanwhile.clear());
        }
    }

    /** Takes in a page; what was heard while it was under way is newer. */
    #fill(page: number, records: RecordModel[]): void {
        const start = (page - 1) * PAGE;
        for (const [index, record] of records.entries()) {
            const fields = this.#places.put(start + index, this.#newest(record));
            if (fields.length) this.flashes.push({ id: record.id, fields });
        }
        if (!records.length && page > 1) this.#doubt(false);
        else if (records.length < PAGE) this.#end(start + records.length);
        this.#places.prune(this.#first, this.#last);
    }

    #newest(record: RecordModel): RecordModel {
        const heard = this.#meanwhile.get(record.id);
        return heard && !heard.gone ? heard.record : record;
    }

    #end(total: number): void {
        this.total = total;
        this.#places.resize(total + this.#fading.size);
    }

    async #count(): Promise<void> {
        const query = this.#query;
        try {
            const { totalItems } = await pb.collection(query.collection.id).getList(1, 1, { filter: query.filter, fields: "id" });
            if (this.#query !== query) return;
            this.#end(totalItems);
            this.#version++;
        } catch (error) {
            if (this.#query === query) this.problem = error;
        }
    }

    /** Reads what is in sight and the total anew, and keeps the place. */
    async refresh(): Promise<void> {
        if (this.opening) return void (this.#unsure = true);
        clearTimeout(this.#doubting);
        [this.#doubting, this.#unsure] = [undefined, false];
        const pages = this.#places.pages(this.#first, Math.max(this.#last, 1), PAGE);
        const answers = await Promise.all(pages.map((page) => this.#page(page)));
        if (answers.some((answer) => !answer)) return;
        this.problem = null;
        const records = answers.flatMap((answer) => answer ?? []).filter((record) => !this.#meanwhile.get(record.id)?.gone);
        this.#settle(
            (pages[0]! - 1) * PAGE,
            records.map((record) => this.#newest(record)),
        );
        await this.#count();
    }

    /** The rows as they have been read just now take the place of all. What is shown stays in sight, unless it is the top of the list. */
    #settle(start: number, records: RecordModel[]): void {
        const seen = this.#places.at(this.#first);
        const now = seen && this.#first > 0 ? records.findIndex((one) => one.id === seen.record.id) : -1;
        const by = now < 0 ? 0 : start + now - this.#first;
        this.#fading.clear();
        const changed = this.#places.replace(start, records);
        for (const [id, fields] of changed) this.flashes.push({ id, fields });
        this.moved += by;
        [this.#first, this.#last] = [this.#first + by, this.#last + by];
        this.#version++;
    }

    /** The ids of the records from a place to another, both included; read where they are not known. */
    async ids(from: number, to: number): Promise<string[]> {
        const [first, last] = [Math.min(from, to), Math.max(from, to) + 1];
        if (!this.#places.missing(first, last, PAGE).length)
            return Array.from({ length: last - first }, (_, index) => this.#places.at(first + index)!.record.id);
        const { collection, filter, sort } = this.#query;
        const found: string[] = [];
        for (const page of this.#places.pages(first, last, LONG_PAGE)) {
            const { items } = await pb.collection(collection.id).getList(page, LONG_PAGE, { filter, sort, fields: "id", skipTotal: true });
            found.push(...items.map(({ id }) => id).slice(Math.max(0, first - (page - 1) * LONG_PAGE), last - (page - 1) * LONG_PAGE));
        }
        return found;
    }

    /** Puts what has happened where it belongs. */
    apply(changes: Map<string, Change>): void {
        if (this.opening) this.#unsure = true;
        for (const [id, change] of changes) {
            if (this.#under) this.#meanwhile.set(id, change);
            if (this.opening) continue;
            const row = this.#places.find(id);
            if (change.gone) this.#leave(row, change);
            else if (row) this.#change(row, change.record);
            else this.#arrive(change);
        }
        this.#version++;
    }

    #change(row: Row, record: RecordModel): void {
        const fields = this.#places.renew(row, record);
        if (!fields.length) return;
        this.flashes.push({ id: record.id, fields });
        if (!fields.some((name) => this.#keys.includes(name))) return;
        if (typeof this.#order === "function") {
            this.#places.remove(row);
            this.#insert(record);
        }
        this.#doubt(true);
    }

    /** A record that is not known here: a new one, or one that changed out of sight and may stand elsewhere now, or be in the list only now. */
    #arrive({ record, born }: Change): void {
        if (!born && typeof this.#order === "string" && !this.#query.filter) return;
        if (born) this.total = (this.total ?? 0) + 1;
        if (born || typeof this.#order === "function") this.#insert(record);
        if (born && !this.#inSight(record.id)) this.unseen++;
        if (!born) this.#end(this.total ?? this.#places.length);
        this.flashes.push({ id: record.id, fields: null });
        this.#doubt(!born || typeof this.#order !== "string");
    }

    #inSight(id: string): boolean {
        const row = this.#places.find(id);
        for (let place = this.#first; row && place < this.#last; place++) if (this.#places.at(place) === row) return true;
        return false;
    }

    /** Puts a record where the order wants it; by number only where that is out of sight and its place among the others not certain. */
    #insert(record: RecordModel): void {
        const place = this.#place(record);
        if (place === null) return;
        const above = place < this.#first || (place === this.#first && place > 0);
        const below = place >= this.#last && place < this.#places.length;
        this.#places.insert(place, typeof this.#order === "function" && (above || below) ? undefined : record);
        if (above) this.#shift(1);
    }

    #place(record: RecordModel): number | null {
        if (this.#order === "front") return 0;
        if (this.#order === "back") return this.#places.length;
        return this.#order ? this.#places.search(record, this.#order, this.#first, this.#last) : null;
    }

    #leave(row: Row | undefined, { born }: Change): void {
        if (row?.gone || (!row && born)) return;
        this.total = Math.max(0, (this.total ?? 1) - 1);
        this.#doubt(!row);
        if (!row) return;
        row.gone = true;
        this.#fading.add(row);
        setTimeout(() => this.#drop(row), FADE_MS);
    }

    #drop(row: Row): void {
        if (!this.#fading.delete(row)) return;
        if (this.#places.remove(row) < this.#first) this.#shift(-1);
        this.#version++;
    }

    /** Rows came or went above what is in sight. */
    #shift(by: number): void {
        this.moved += by;
        [this.#first, this.#last] = [this.#first + by, this.#last + by];
    }

    /** The total, or with `places` what stands where, was guessed: it is asked for soon. */
    #doubt(places: boolean): void {
        this.#unsure ||= places;
        this.#doubting ??= setTimeout(() => {
            const unsure = this.#unsure && this.#query.sort !== "@random";
            [this.#doubting, this.#unsure] = [undefined, false];
            void (unsure ? this.refresh() : this.#count());
        }, DOUBT_MS);
    }
}
