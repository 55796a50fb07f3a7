import { moment, stored } from "../../ui/times";
import { newestFirst, page, type Line } from "./lines";

const SIZE = 100;
const MOST_PAGES = 5;
/** How long after an answer the next one is asked for: at least so long, and longer where answers take their time. */
const REST_MS = 3000;
const REST_FACTOR = 10;
/** Each worker writes its lines in batches: one may be stored this much after another that is younger. */
const LATE_MS = 30_000;

/** Lines that meet a condition: the newest, more of the older ones on request, and those that come while it is looked at. */
export class Feed {
    lines = $state.raw<Line[]>([]);
    /** Lines that came meanwhile and are not shown yet. */
    waiting = $state.raw<Line[]>([]);
    loading = $state(true);
    more = $state(false);
    problem = $state.raw<unknown>(null);
    #filter: string;
    /** Older pages are counted from here, whatever comes meanwhile. */
    #anchor = "";
    #pages = 1;
    #ended = false;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(filter: string) {
        this.#filter = filter;
        void this.#open();
    }

    async #open(): Promise<void> {
        await this.#attempt(async () => {
            const found = await page(this.#filter, 1, SIZE);
            this.#anchor = anchor(found);
            this.#take(found);
        });
        this.loading = false;
    }

    /** The next older lines. */
    async older(): Promise<void> {
        this.loading = true;
        await this.#attempt(async () => {
            const anchored = [this.#filter, `created <= '${this.#anchor}'`].filter(Boolean).join(" && ");
            this.#take(await page(anchored, this.#pages + 1, SIZE));
            this.#pages += 1;
        });
        this.loading = false;
    }

    #take(found: Line[]): void {
        this.more = found.length === SIZE;
        this.lines = newestFirst([...this.lines, ...this.#unknown(found)]);
    }

    #unknown(found: Line[]): Line[] {
        const known = new Set([...this.lines, ...this.waiting].map(({ id }) => id));
        return found.filter(({ id }) => !known.has(id));
    }

    /** Shows what came meanwhile. */
    show(): void {
        this.lines = newestFirst([...this.waiting, ...this.lines]);
        this.waiting = [];
    }

    /** Looks for new lines again and again until `stop`; `came` is called when there are some. */
    follow(came: () => void): void {
        this.#ended = false;
        const round = async (): Promise<void> => {
            const began = Date.now();
            if (!document.hidden && (await this.#look())) came();
            if (!this.#ended) this.#timer = setTimeout(round, Math.max(REST_MS, REST_FACTOR * (Date.now() - began)));
        };
        this.#timer = setTimeout(round, REST_MS);
    }

    stop(): void {
        this.#ended = true;
        clearTimeout(this.#timer);
    }

    /** Fetches pages until one holds nothing new; were there new lines? */
    async #look(): Promise<boolean> {
        const before = this.waiting.length;
        await this.#attempt(async () => {
            for (let number = 1; number <= MOST_PAGES; number += 1) {
                const found = await page(this.#filter, number, SIZE);
                const fresh = this.#unknown(found);
                this.waiting = newestFirst([...this.waiting, ...fresh]);
                if (fresh.length < found.length || found.length < SIZE) break;
            }
        });
        return this.waiting.length > before;
    }

    async #attempt(work: () => Promise<void>): Promise<void> {
        try {
            await work();
            this.problem = null;
        } catch (error) {
            this.problem = error;
        }
    }
}

function anchor(lines: Line[]): string {
    const latest = lines.reduce((latest, { created }) => (created > latest ? created : latest), "");
    const at = moment(latest);
    return at ? stored(new Date(at.getTime() + LATE_MS)) : latest;
}
