import { tick } from "svelte";
import type { RecordModel } from "pocketbase";
import type { RecordList } from "./list.svelte";
import { Slots } from "./slots";

/** Height of a row, in pixels. */
export const ROW = 40;
/** Rows kept in the page above and below those in sight. */
const OVERSCAN = 4;
/** Browsers draw no higher elements than about 17 million pixels. */
const MOST = 400_000;

/** A row of the page: its element's number and what stands in it; no record where it has not been read yet. */
export interface Shown {
    place: number;
    slot: number;
    record: RecordModel | undefined;
    gone: boolean;
}

/** Where each list was scrolled to, by its name; until the page is loaded anew. */
const remembered = new Map<string, number>();

/** The part of a list that is in sight, and the row that the keys are at. */
export class View {
    /** How far it is scrolled, and how high it is, in pixels. */
    top = $state(0);
    height = $state(0);
    active = $state(0);
    scroller = $state<HTMLElement>();
    /** Where to go once the list is long enough. */
    #wanted = $state<number | null>(null);
    #slots = new Slots();
    #list: RecordList;

    constructor(list: RecordList) {
        this.#list = list;
    }

    length = $derived.by(() => Math.min(this.#list.length, MOST));
    room = $derived(Math.max(ROW, this.height - ROW));
    first = $derived(Math.floor(this.top / ROW));
    last = $derived(Math.min(this.length, Math.ceil((this.top + this.room) / ROW)));

    rows = $derived.by<Shown[]>(() => {
        const from = Math.max(0, this.first - OVERSCAN);
        const rows = Array.from({ length: Math.max(0, Math.min(this.length, this.last + OVERSCAN) - from) }, (_, index) =>
            this.#list.at(from + index),
        );
        const slots = this.#slots.assign(rows.map((row, index) => row?.record.id ?? from + index));
        const shown = rows.map((row, index) => ({
            place: from + index,
            slot: slots[index]!,
            record: row?.record,
            gone: row?.gone ?? false,
        }));
        return shown.sort((a, b) => a.slot - b.slot);
    });

    /** The element of the row that the keys are at, where it is in the page. */
    activeId = $derived(this.rows.some(({ place }) => place === this.active) ? `row-${this.active}` : undefined);

    /** A list begins: where it was left, or at its top. */
    begin(name: string): void {
        [this.#wanted, this.active] = [remembered.get(name) ?? 0, 0];
    }

    /** Goes where it is to begin, as soon as that can be. */
    settle(): void {
        if (this.#wanted === null || (this.#list.total === null && this.length * ROW < this.#wanted + this.room)) return;
        const top = this.#wanted;
        this.#wanted = null;
        void tick().then(() => this.scroller?.scrollTo({ top })); // once the page is as high as the list
    }

    scrolled(name: string): void {
        this.top = this.scroller?.scrollTop ?? 0;
        if (this.#wanted === null && !this.#list.opening) remembered.set(name, this.top);
        if (this.top < ROW) this.#list.unseen = 0;
    }

    /** Rows came in above: what is shown stays where it is. */
    keep(): void {
        const by = this.#list.moved;
        this.#list.moved = 0;
        if (!by || !this.scroller) return;
        this.top = Math.max(0, this.top + by * ROW);
        this.active = Math.max(0, this.active + by);
        void tick().then(() => this.scroller?.scrollTo({ top: this.top }));
    }

    toTop(): void {
        this.scroller?.scrollTo({ top: 0 });
    }

    /** Makes a row the active one and brings it into sight. */
    reveal(place: number): void {
        this.active = Math.max(0, Math.min(this.length - 1, place));
        const [above, below] = [this.active * ROW, (this.active + 1) * ROW - this.room];
        if (this.top > above) this.scroller?.scrollTo({ top: above });
        else if (this.top < below) this.scroller?.scrollTo({ top: below });
    }

    /** How far a key moves the active row; undefined for other keys. */
    step(key: string): number | undefined {
        const page = Math.floor(this.room / ROW);
        return { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[key];
    }
}
