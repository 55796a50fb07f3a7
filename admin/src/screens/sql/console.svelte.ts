import { ClientResponseError } from "pocketbase";
import { collections } from "../../api/collections.svelte";
import { pb } from "../../api/client";
import { sentence } from "../../api/errors";

export interface Result {
    /** Milliseconds, by the server's clock. */
    execTime: number;
    affectedRows: number;
    columns: { name: string; type: string }[];
    rows: (string | null)[][];
}

/** How many rows the server answers at most. */
export const MOST_ROWS = 1000;

const TEXT = "pbtornado_sql";
const HISTORY = "pbtornado_sql_history";
const MOST_KEPT = 50;
const RAW = /^Failed to execute query\. Raw error:\s*/;

/** The SQL of this browser's reader, what he ran before, and what came of the last one. */
class Console {
    text = $state(localStorage.getItem(TEXT) ?? "");
    history = $state.raw<string[]>(JSON.parse(localStorage.getItem(HISTORY) ?? "[]"));
    /** May SQL change anything? Off again with every reload. */
    writing = $state(false);
    result = $state.raw<Result | null>(null);
    problem = $state("");
    running = $state(false);
    #given: AbortController | null = null;

    /** Runs the text; without `writing` the server refuses whatever would change something. */
    async run(): Promise<void> {
        const query = this.text.trim();
        if (!query || this.running) return;
        this.#remember(query);
        [this.running, this.problem, this.#given] = [true, "", new AbortController()];
        try {
            const body = { query, readOnly: !this.writing };
            this.result = await pb.send<Result>("/api/sql", { method: "POST", body, signal: this.#given.signal });
            if (this.writing) await collections.load();
        } catch (error) {
            this.problem = reason(error);
            this.result = null;
        } finally {
            this.running = false;
        }
    }

    cancel(): void {
        this.#given?.abort();
    }

    forget(): void {
        this.history = [];
        localStorage.removeItem(HISTORY);
    }

    keep(): void {
        localStorage.setItem(TEXT, this.text);
    }

    #remember(query: string): void {
        this.keep();
        this.history = [query, ...this.history.filter((one) => one !== query)].slice(0, MOST_KEPT);
        localStorage.setItem(HISTORY, JSON.stringify(this.history));
    }
}

function reason(error: unknown): string {
    if (error instanceof ClientResponseError && error.isAbort) return "Cancelled.";
    const told = sentence(error).replace(RAW, "");
    if (told.startsWith("it would write")) return "This would change something. Allow writing to run it.";
    const [query] = error instanceof ClientResponseError ? [error.response.data?.query?.message] : [];
    return query ? `The text is refused: ${query}` : told;
}

export const sql = new Console();

/** Tables and columns for completion: the collections, and what lies under them. */
export function tables(): Record<string, string[]> {
    const own = collections.all.map(({ name, fields }) => [name, fields.map((field) => field.name)]);
    return {
        ...Object.fromEntries(own),
        _collections: [
            "id",
            "system",
            "type",
            "name",
            "fields",
            "indexes",
            "listRule",
            "viewRule",
            "createRule",
            "updateRule",
            "deleteRule",
            "options",
            "created",
            "updated",
        ],
        _params: ["id", "value", "created", "updated"],
        _changes: ["seq", "at", "request", "actor", "action", "collection", "record", "image", "old"],
        sqlite_master: ["type", "name", "tbl_name", "rootpage", "sql"],
    };
}

/** Rows as CSV (RFC 4180); null is empty. */
export function csv({ columns, rows }: Result): string {
    const cell = (value: string | null): string =>
        value === null ? "" : /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    return [columns.map(({ name }) => name), ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
