import type { RecordModel } from "pocketbase";
import { pb } from "../../api/client";
import type { Collection } from "../../api/collections.svelte";
import { sentence } from "../../api/errors";
import { labelExpand } from "../records/labels";
import { filterOf } from "../records/search";

const PAGE = 40;
const AT_ONCE = 50;

/** Records of a collection to choose from, a page after another. */
export class Choices {
    found = $state.raw<RecordModel[]>([]);
    complete = $state(false);
    loading = $state(false);
    problem = $state("");
    #words = "";
    #asked = 0;

    constructor(
        readonly collection: Collection,
        readonly only = "",
    ) {}

    search(words: string): Promise<void> {
        this.#words = words;
        this.#asked++;
        [this.found, this.complete, this.loading] = [[], false, false];
        return this.more();
    }

    /** The next page; nothing while one is on its way. */
    async more(): Promise<void> {
        if (this.loading || this.complete) return;
        const asked = this.#asked;
        [this.loading, this.problem] = [true, ""];
        try {
            const page = await this.#page(this.found.length / PAGE + 1);
            if (asked !== this.#asked) return;
            this.found = [...this.found, ...page];
            this.complete = page.length < PAGE;
        } catch (error) {
            if (asked === this.#asked) [this.problem, this.complete] = [sentence(error), true];
        } finally {
            if (asked === this.#asked) this.loading = false;
        }
    }

    async #page(number: number): Promise<RecordModel[]> {
        const filter = [this.only, filterOf(this.#words, this.collection)]
            .filter(Boolean)
            .map((one) => `(${one})`)
            .join(" && ");
        const sort = this.collection.type === "view" ? "" : "-@rowid";
        const options = { filter, sort, expand: labelExpand(this.collection), skipTotal: true };
        return (await pb.collection(this.collection.name).getList(number, PAGE, options)).items;
    }

    /** A record that was just made stands first. */
    put(record: RecordModel): void {
        this.found = [record, ...this.found.filter(({ id }) => id !== record.id)];
    }
}

/** The records of these ids that there are, with what their labels need. Throws ClientResponseError. */
export async function byIds(collection: Collection, ids: string[]): Promise<RecordModel[]> {
    const found: RecordModel[] = [];
    for (let at = 0; at < ids.length; at += AT_ONCE) {
        const filter = ids
            .slice(at, at + AT_ONCE)
            .map((id) => pb.filter("id = {:id}", { id }))
            .join(" || ");
        const options = { filter, expand: labelExpand(collection), skipTotal: true };
        found.push(...(await pb.collection(collection.name).getList(1, AT_ONCE, options)).items);
    }
    return found;
}
