import { pb } from "../../api/client";
import type { RecordForm } from "./form.svelte";
import type { FileItem } from "./values";

const SUFFIX = /_[a-z0-9]{10}(?=\.[^.]*$|$)/;

/** The values of a form for another record: with copies of its files, without what is one record's own. Throws what fetching a file throws. */
export async function duplicate(form: RecordForm): Promise<Record<string, unknown>> {
    const values: Record<string, unknown> = {};
    for (const field of form.fields) {
        if (field.primaryKey || field.type === "autodate" || field.type === "password") continue;
        const value = form.values[field.name];
        if (field.type === "file") values[field.name] = await copies(form, value as FileItem[]);
        else values[field.name] = field.type === "json" ? parsed(value as string) : value;
    }
    return values;
}

async function copies(form: RecordForm, items: FileItem[]): Promise<File[]> {
    const token = items.some((item) => typeof item === "string") ? await pb.files.getToken() : "";
    return Promise.all(items.map((item) => (item instanceof File ? item : fetched(pb.files.getURL(form.base!, item, { token }), item))));
}

async function fetched(url: string, name: string): Promise<File> {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`The file ${name} could not be copied.`);
    return new File([await response.blob()], name.replace(SUFFIX, ""));
}

function parsed(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text || null;
    }
}
