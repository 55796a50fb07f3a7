import { SvelteSet } from "svelte/reactivity";

/** Which records are chosen: some by their ids, or all that the list's filter finds but some. */
export class Selection {
    /** All that match, also those that nobody has seen yet. */
    all = $state(false);
    /** The chosen ones; those that are not, where all are. */
    ids = new SvelteSet<string>();
    /** Where a range starts. */
    anchor = -1;

    has(id: string): boolean {
        return this.all !== this.ids.has(id);
    }

    count(total: number | null): number {
        return this.all ? Math.max(0, (total ?? 0) - this.ids.size) : this.ids.size;
    }

    set(ids: string[], chosen: boolean): void {
        for (const id of ids)
            if (chosen === this.all) this.ids.delete(id);
            else this.ids.add(id);
    }

    everything(): void {
        this.all = true;
        this.ids.clear();
    }

    clear(): void {
        this.all = false;
        this.ids.clear();
    }
}
