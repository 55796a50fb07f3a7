const KEY = "pbtornado_pinned";

/** The collections that are kept at the top of the list, by id; remembered in this browser. */
class Pinned {
    ids = $state.raw<string[]>(JSON.parse(localStorage.getItem(KEY) ?? "[]") as string[]);

    has(id: string): boolean {
        return this.ids.includes(id);
    }

    toggle(id: string): void {
        this.ids = this.has(id) ? this.ids.filter((one) => one !== id) : [...this.ids, id];
        localStorage.setItem(KEY, JSON.stringify(this.ids));
    }
}

export const pinned = new Pinned();
