import type { RecordModel } from "pocketbase";
import { pb } from "../../../api/client";
import type { Field } from "../../../api/collections.svelte";
import type { FileItem } from "../values";
import { mostBytes, size } from "./limits";

const IMAGE = /\.(png|jpe?g|gif|webp|bmp|svg|avif)$/i;
const THUMBED = /\.(png|jpe?g|gif|webp)$/i;

export const isImage = (name: string): boolean => IMAGE.test(name);

/** Where a small picture of a stored file is, "" where it has none. */
export function thumbOf(record: RecordModel, name: string, token: string): string {
    return THUMBED.test(name) ? pb.files.getURL(record, name, { thumb: "100x100", token }) : "";
}

/** Why files cannot be taken, as sentences. */
export function refusals(field: Field, files: File[], room: number): string[] {
    const wrong = files.flatMap((file) => refusal(field, file));
    if (files.length > room)
        wrong.push(
            room > 0
                ? `Only ${room} more ${room === 1 ? "file" : "files"} can be added.`
                : `No more than ${field.maxSelect || 1} can be kept.`,
        );
    return wrong;
}

/** Why one file cannot be taken; types are only guessed here, from what the browser says, and left to the server where it says nothing. */
export function refusal(field: Field, file: File): string[] {
    if (file.size > mostBytes(field))
        return [`${file.name} has ${size(file.size)}, more than the ${size(mostBytes(field))} a file may have.`];
    const types: string[] = field.mimeTypes ?? [];
    if (types.length && file.type && !types.includes(file.type))
        return [`${file.name} is of the type ${file.type}, which is not accepted.`];
    return [];
}

/** What tells an item of a list from others. */
const keys = new WeakMap<File, string>();
let last = 0;
export function keyOf(item: FileItem): string {
    if (typeof item === "string") return item;
    if (!keys.has(item)) keys.set(item, `upload-${++last}`);
    return keys.get(item)!;
}
