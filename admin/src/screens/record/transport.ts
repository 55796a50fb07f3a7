import type { RecordModel, SendOptions } from "pocketbase";
import { pb } from "../../api/client";
import type { FileItem } from "./values";

/** A record, and the tag of the state it is in. */
export interface Tagged {
    record: RecordModel;
    tag: string;
}

export interface WriteOptions {
    /** The state the write is meant for; another one is refused with 412. */
    tag?: string;
    signal?: AbortSignal;
    /** How much of the body is sent, from 0 to 1; told only where files are sent. */
    onprogress?: (part: number) => void;
}

type Fetch = NonNullable<SendOptions["fetch"]>;

/** Reads a record. Throws ClientResponseError. */
export const read = (collection: string, id: string): Promise<Tagged> =>
    tagged(fetch, (options) => pb.collection(collection).getOne(id, options));

/** Creates (id null) or updates a record with values that may hold files. Throws ClientResponseError. */
export function write(
    collection: string,
    id: string | null,
    values: Record<string, unknown>,
    { tag, signal, onprogress }: WriteOptions = {},
): Promise<Tagged> {
    const body = bodyOf(values);
    const how: Fetch = body instanceof FormData ? uploading(onprogress) : fetch;
    const headers: Record<string, string> = tag ? { "If-Match": tag } : {};
    return tagged(how, ({ fetch }) => {
        const options = { fetch, headers, signal };
        return id === null ? pb.collection(collection).create(body, options) : pb.collection(collection).update(id, body, options);
    });
}

async function tagged(how: Fetch, send: (options: { fetch: Fetch }) => Promise<RecordModel>): Promise<Tagged> {
    let tag = "";
    const noting: Fetch = async (url, init) => {
        const response = await how(url, init);
        tag = response.headers.get("ETag") ?? "";
        return response;
    };
    return { record: await send({ fetch: noting }), tag };
}

/** JSON, or where there are files a form with the rest as JSON in it, so that no value is guessed from its text. */
function bodyOf(values: Record<string, unknown>): Record<string, unknown> | FormData {
    const plain: Record<string, unknown> = {};
    const files: [string, File][] = [];
    for (const [name, value] of Object.entries(values)) {
        const waiting = [value].flat().filter((item): item is File => item instanceof File);
        files.push(...waiting.map((file): [string, File] => [name, file]));
        if (!waiting.length) plain[name] = value;
        else if (Array.isArray(value)) plain[name] = (value as FileItem[]).filter((item) => !(item instanceof File));
    }
    if (!files.length) return plain;
    const form = new FormData();
    form.append("@jsonPayload", JSON.stringify(plain));
    for (const [name, file] of files) form.append(name, file);
    return form;
}

/** `fetch` that tells how far the body is sent, which only the older API can. */
function uploading(onprogress?: (part: number) => void): Fetch {
    return (url, init = {}) =>
        new Promise((resolve, reject) => {
            const request = new XMLHttpRequest();
            request.open(init.method ?? "POST", String(url));
            new Headers(init.headers).forEach((value, name) => request.setRequestHeader(name, value));
            request.upload.onprogress = ({ loaded, total }) => onprogress?.(total ? loaded / total : 0);
            request.onload = () => resolve(answered(request));
            request.onerror = () => reject(new TypeError("The server cannot be reached."));
            request.onabort = () => reject(new DOMException("Aborted", "AbortError"));
            init.signal?.addEventListener("abort", () => request.abort());
            request.send(init.body as FormData);
        });
}

function answered(request: XMLHttpRequest): Response {
    const lines = request.getAllResponseHeaders().trim().split(/\r?\n/);
    const headers = lines.map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
    return new Response(request.responseText || null, { status: request.status, headers });
}
