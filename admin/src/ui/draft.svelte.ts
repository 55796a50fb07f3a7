import { router } from "../route/router.svelte";
import { confirmLoss } from "./confirm.svelte";

const PREFIX = "pbtornado_draft:";

/**
 * Unsaved work under a name: kept in this browser so that it survives a reload, and asked about before its place is left.
 * Call inside a component's initialisation; `value` must be plain data.
 */
export class Draft<T> {
    #key: string;
    #kept: string | null;
    #initial: () => T;
    changed = $state(false);

    /** `initial` answers the saved state, to which the draft is compared. */
    constructor(name: string, initial: () => T, value: () => T) {
        this.#key = PREFIX + name;
        this.#initial = initial;
        this.#kept = localStorage.getItem(this.#key);
        $effect(() => this.#keep(value()));
        $effect(() => (this.changed ? router.guard(confirmLoss) : undefined));
    }

    /** What was left unsaved the last time; null where there was nothing or it is what is saved. */
    restorable(): T | null {
        return this.#kept && this.#kept !== JSON.stringify(this.#initial()) ? (JSON.parse(this.#kept) as T) : null;
    }

    /** Nothing is unsaved any more. */
    clear(): void {
        this.changed = false;
        this.#kept = null;
        localStorage.removeItem(this.#key);
    }

    /** Where it does not fit, it lasts as long as the page. */
    #store(text: string): void {
        try {
            localStorage.setItem(this.#key, text);
        } catch {
            localStorage.removeItem(this.#key);
        }
    }

    #keep(value: T): void {
        const text = JSON.stringify(value);
        this.changed = text !== JSON.stringify(this.#initial());
        if (this.changed) this.#store(text);
        else if (this.#kept === null) localStorage.removeItem(this.#key);
    }
}
