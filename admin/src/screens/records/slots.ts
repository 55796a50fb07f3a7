/** Which element of the page shows what: what stays in sight keeps its element, what comes takes one that is free. */
export class Slots {
    #taken = new Map<string | number, number>();

    /** The elements of these, each of another number. */
    assign(keys: (string | number)[]): number[] {
        const wanted = new Set(keys);
        const taken = new Map([...this.#taken].filter(([key]) => wanted.has(key)));
        const used = new Set(taken.values());
        let next = 0;
        for (const key of wanted) {
            if (taken.has(key)) continue;
            while (used.has(next)) next++;
            used.add(next);
            taken.set(key, next);
        }
        this.#taken = taken;
        return keys.map((key) => taken.get(key)!);
    }
}
