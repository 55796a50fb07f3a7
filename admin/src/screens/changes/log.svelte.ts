import { changes, type Change, type Wanted } from "../../api/changes";
import { sentence } from "../../api/errors";

const PAGE = 60;
const WAIT_SECONDS = 25;
const AT_ONCE = 500;
/** More are dropped at the far end while following; "load older" has them again. */
const MOST_KEPT = 1500;
const RETRY_MS = 2000;

/** The newest changes, followed as they are committed. */
export class Log {
    items = $state.raw<Change[]>([]);
    state = $state<"loading" | "live" | "paused" | "lost">("loading");
    problem = $state("");
    older = $state.raw<number | null>(null);
    /** Changes a second, as they arrived lately. */
    rate = $state(0);
    #wanted: Wanted;
    #ending = new AbortController();
    #epoch = "";

    constructor(wanted: Wanted) {
        this.#wanted = wanted;
        void this.#run(this.#ending.signal);
    }

    /** Reads the newest and follows, again and again, until it is ended. */
    async #run(ending: AbortSignal): Promise<void> {
        while (!ending.aborted) {
            try {
                const page = await changes({ ...this.#wanted, limit: PAGE }, ending);
                [this.items, this.older, this.#epoch] = [page.items, page.next, page.epoch];
                await this.#follow(page.head, ending);
            } catch (error) {
                if (ending.aborted) return;
                [this.state, this.problem] = ["lost", sentence(error)];
                await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
            }
        }
    }

    /** Until the log begins anew. */
    async #follow(head: number, ending: AbortSignal): Promise<void> {
        let after = head;
        this.state = "live";
        while (!ending.aborted) {
            const started = performance.now();
            const page = await changes({ ...this.#wanted, after, wait: WAIT_SECONDS, limit: AT_ONCE }, ending);
            if (page.epoch !== this.#epoch) return;
            this.#take(page.items, performance.now() - started);
            after = page.next ?? Math.max(after, page.head);
            await new Promise((resolve) => requestAnimationFrame(resolve));
        }
    }

    #take(found: Change[], milliseconds: number): void {
        this.rate = found.length > 1 ? Math.round((found.length * 1000) / Math.max(milliseconds, 1)) : 0;
        if (!found.length) return;
        const all = [...found.toReversed(), ...this.items];
        if (all.length > MOST_KEPT) this.older = all[MOST_KEPT - 1]!.seq;
        this.items = all.slice(0, MOST_KEPT);
    }

    /** Stands still, so that one can read. */
    pause(): void {
        this.#ending.abort();
        this.#ending = new AbortController();
        this.state = "paused";
    }

    resume(): void {
        this.state = "loading";
        void this.#run(this.#ending.signal);
    }

    async loadOlder(): Promise<void> {
        const page = await changes({ ...this.#wanted, before: this.older ?? undefined, limit: PAGE });
        [this.items, this.older] = [[...this.items, ...page.items], page.next];
    }

    close(): void {
        this.#ending.abort();
    }
}
