import type { Collection, Field } from "../../api/collections.svelte";
import { pb } from "../../api/client";
import { sentence } from "../../api/errors";
import { test } from "../rules/trial";

const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
const OPERATOR = /[=~<>]|&&|\|\|/;
const TEXTS = new Set(["text", "email", "url", "editor", "select", "json", "file", "relation", "date", "autodate"]);
const KEPT = 12;

/** Is it a filter expression? If not, it is words to look for. */
export const isExpression = (text: string): boolean => OPERATOR.test(text.replace(QUOTED, ""));

/** The filter that what was typed means: itself, or "it stands in one of the fields that have text". */
export function filterOf(typed: string, collection: Collection): string {
    const text = typed.trim();
    if (!text || isExpression(text)) return text;
    const term = text.replace(/^(["'])(.*)\1$/, "$2");
    const fields = collection.fields.filter((field) => searchable(field, term));
    return fields.map((field) => comparison(field, term)).join(" || ");
}

function searchable(field: Field, term: string): boolean {
    if (field.name === "tokenKey") return false;
    return TEXTS.has(field.type) || (field.type === "number" && /^-?\d+(\.\d+)?$/.test(term));
}

function comparison(field: Field, term: string): string {
    return field.type === "number" ? `${field.name} = ${term}` : pb.filter(`${field.name} ~ {:term}`, { term });
}

/** What is wrong with a filter that the server did not take, as a sentence. */
export async function problemOf(filter: string, collection: Collection): Promise<string> {
    try {
        const { error } = await test({ collection: collection.id, filter, identity: { superuser: true } });
        return `This filter is not understood${error ? `: ${error.message}` : ""}.`;
    } catch (error) {
        return sentence(error);
    }
}

/** What was searched for in a collection before, the latest first; kept in this browser. */
export class Recent {
    #key: string;

    constructor(collection: Collection) {
        this.#key = `pbtornado_filters:${collection.id}`;
    }

    all(): string[] {
        try {
            const found: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
            return Array.isArray(found) ? found.map(String) : [];
        } catch {
            return [];
        }
    }

    add(text: string): void {
        if (!text) return;
        const others = this.all().filter((one) => one !== text);
        localStorage.setItem(this.#key, JSON.stringify([text, ...others].slice(0, KEPT)));
    }

    clear(): void {
        localStorage.removeItem(this.#key);
    }
}
