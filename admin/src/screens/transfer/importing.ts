import { ClientResponseError } from "pocketbase";
import { pb, root } from "../../api/client";
import type { Collection } from "../../api/collections.svelte";

export type Format = "csv" | "json" | "ndjson";
const TYPES: Record<Format, string> = { csv: "text/csv", json: "application/json", ndjson: "application/x-ndjson" };

export interface Progress {
    rows: number;
    created: number;
    updated: number;
    readBytes: number;
}

/** How an import ended; docs/import-export.md has the words. */
export interface Outcome extends Progress {
    complete: boolean;
    dryRun: boolean;
    leftOut: string[];
    problem: string;
    errors: { row: number; line: number; message: string; errors: Record<string, { code: string; message: string }> }[];
}

/** The format a file's name says; null where it says none. */
export function formatOf(name: string): Format | null {
    const ending = name.toLowerCase().split(".").pop() ?? "";
    return ending === "csv" ? "csv" : ending === "json" ? "json" : ["ndjson", "jsonl"].includes(ending) ? "ndjson" : null;
}

const LOOKED_AT = 256 * 1024;

/** The columns of a file, read from its beginning. Throws Error where they cannot be read. */
export async function columnsOf(file: File, format: Format): Promise<string[]> {
    const text = await file.slice(0, LOOKED_AT).text();
    if (format === "csv") return headOf(text);
    const line = format === "ndjson" ? text.split("\n", 1)[0]! : firstObject(text);
    try {
        return Object.keys(JSON.parse(line) as object);
    } catch {
        throw new Error("The first record of the file cannot be read.");
    }
}

/** The names in the first line of a CSV text, quoted or not. */
function headOf(text: string): string[] {
    const line = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0]!;
    const sign = [",", ";", "\t"].sort((a, b) => line.split(b).length - line.split(a).length)[0]!;
    return [...`${line}${sign}`.matchAll(new RegExp(`(?:"((?:[^"]|"")*)"|([^${sign}]*))${sign}`, "g"))].map(([, quoted, plain]) =>
        (quoted ?? plain ?? "").replaceAll('""', '"').trim(),
    );
}

/** The text of the first object of a JSON array. */
function firstObject(text: string): string {
    const start = text.indexOf("{");
    let depth = 0;
    let inside = false;
    for (let at = start; at >= 0 && at < text.length; at++) {
        const sign = text[at];
        if (inside) {
            if (sign === "\\") at++;
            else if (sign === '"') inside = false;
        } else if (sign === '"') inside = true;
        else if (sign === "{") depth++;
        else if (sign === "}" && --depth === 0) return text.slice(start, at + 1);
    }
    return "";
}

/** Where each column goes if nobody says otherwise: the field of the same name, whatever its case; "" is nowhere. */
export function guess(columns: string[], collection: Collection): Record<string, string> {
    const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, "");
    const fields = new Map(fieldsOf(collection).map((name) => [plain(name), name]));
    return Object.fromEntries(columns.map((column) => [column, fields.get(plain(column)) ?? ""]));
}

/** The fields a column may fill. */
export const fieldsOf = (collection: Collection): string[] =>
    collection.fields.filter((field) => field.type !== "file").map((field) => field.name);

export interface Wanted {
    collection: Collection;
    file: File;
    format: Format;
    map: Record<string, string>;
    upsert: boolean;
    dryRun: boolean;
    signal: AbortSignal;
    progress: (now: Progress) => void;
}

/** Sends the file; tells how far the server is after each batch. Throws ClientResponseError where it was not looked into. */
export async function importRecords(wanted: Wanted): Promise<Outcome> {
    const { collection, file, format, map, upsert, dryRun, signal } = wanted;
    const changed = Object.fromEntries(Object.entries(map).filter(([column, field]) => column !== field));
    const query = new URLSearchParams({ format, map: JSON.stringify(changed), upsert: String(upsert), dryRun: String(dryRun) });
    const url = `${root}/api/collections/${encodeURIComponent(collection.name)}/import?${query}`;
    const headers = { Authorization: pb.authStore.token, "Content-Type": TYPES[format], Accept: "application/x-ndjson" };
    const response = await fetch(url, { method: "POST", headers, body: file, signal });
    if (!response.ok) throw new ClientResponseError({ url, status: response.status, data: await response.json() });
    return outcome(response, wanted.progress);
}

async function outcome(response: Response, progress: (now: Progress) => void): Promise<Outcome> {
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let last: Partial<Outcome> & { message?: string } = {};
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
        const lines = (rest + value).split("\n");
        rest = lines.pop()!;
        for (const line of lines.filter(Boolean)) {
            last = JSON.parse(line) as Outcome;
            if (!("complete" in last)) progress(last as Progress);
        }
    }
    if (!("complete" in last)) throw new Error(last.message ?? "The server ended the import without saying how.");
    return last as Outcome;
}
