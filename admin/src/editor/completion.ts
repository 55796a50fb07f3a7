import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import type { Collection, Field } from "../api/collections.svelte";
import { MAX_RELATIONS, modifiers, Paths, type Step } from "./paths";
import { compared, expected, tokens, type Token } from "./tokens";
import { CONSTANTS, CONTEXTS, FUNCTIONS, HEADERS, JOINS, MACROS, METHODS, MODIFIERS, REQUEST, SIGNS, type Word } from "./words";

/** What may stand in a rule (`request` true) or filter of a collection: fields, paths, macros, functions, modifiers, other collections. */
export function ruleCompletion(collection: Collection, { request = true } = {}): CompletionSource {
    return (context) => new Suggestions(new Paths(collection), collection, request, context).result();
}

/** A path as it is written: where it starts, what was followed, and the field behind its last whole name. */
interface Followed {
    from: Collection[];
    path: string[];
    body: boolean;
}

const WORD = /^[\w]*$/;
const ROOT = /^@?[\w.]*$/;

class Suggestions {
    #paths: Paths;
    #own: Collection;
    #request: boolean;
    #context: CompletionContext;

    constructor(paths: Paths, own: Collection, request: boolean, context: CompletionContext) {
        this.#paths = paths;
        this.#own = own;
        this.#request = request;
        this.#context = context;
    }

    result(): CompletionResult | null {
        const all = tokens(this.#context.state.sliceDoc(0, this.#context.pos));
        const last = all.at(-1);
        const touching = !!last && last.from + last.text.length === this.#context.pos;
        if (last?.kind === "comment" && touching) return null;
        if (last?.kind === "open text") return this.#inText(last, all.slice(0, -1));
        if (touching && last.kind === "name") return this.#word(last, all.slice(0, -1));
        if (touching && last.kind === "other") return this.#partial(last, all.slice(0, -1));
        return touching && !["open", "call"].includes(last.kind) && !this.#context.explicit ? null : this.#fresh(all);
    }

    /** A word has been begun. */
    #word(word: Token, before: Token[]): CompletionResult | null {
        const state = expected(before);
        if (state === "sign" || state === "join") return null;
        const colon = word.text.lastIndexOf(":");
        if (colon > 0 && !word.text.slice(colon).includes(".") && !/^@collection\.\w+:\w*$/.test(word.text))
            return this.#modifier(word, colon);
        const dot = word.text.lastIndexOf(".");
        if (dot > 0) return this.#path(word, dot);
        return { from: word.from, validFor: ROOT, options: this.#operands(state === "right" ? this.#values(before) : []) };
    }

    /** Nothing stands before the cursor yet. */
    #fresh(before: Token[]): CompletionResult | null {
        const from = this.#context.pos;
        const state = expected(before);
        const asked = this.#context.explicit;
        if (state === "sign") return asked || this.#resolves(before.at(-1)) ? { from, options: options(SIGNS, "keyword") } : null;
        if (state === "join") return asked ? { from, options: options(JOINS, "keyword") } : null;
        const values = state === "right" ? this.#values(before) : [];
        return asked || values.length ? { from, validFor: ROOT, options: this.#operands(values) } : null;
    }

    /** `!`, `?`, `&` or `|`: a sign or a join that is not whole. */
    #partial(part: Token, before: Token[]): CompletionResult | null {
        const state = expected(before);
        const words = state === "sign" ? SIGNS : state === "join" ? JOINS : [];
        const fitting = words.filter(({ name }) => name.startsWith(part.text));
        return fitting.length ? { from: part.from, options: options(fitting, "keyword"), filter: false } : null;
    }

    #modifier(word: Token, colon: number): CompletionResult | null {
        const name = word.text.slice(0, colon);
        const plain = /^@request\.(query|headers)\.\w+$/.test(name) ? [":isset", ":lower"] : null;
        const followed = this.#followed(name.split("."));
        if (!plain && !followed) return null;
        const field = followed ? this.#paths.follow(followed.from, followed.path)?.field : undefined;
        const found = plain ?? modifiers(field, followed?.body && followed.path.length === 1);
        return {
            from: word.from + colon,
            validFor: /^:\w*$/,
            options: found.map((label) => ({ label, info: MODIFIERS[label], type: "keyword" })),
        };
    }

    /** What may follow the last dot of a path. */
    #path(word: Token, dot: number): CompletionResult | null {
        const head = word.text.slice(0, dot);
        if (head === "@request") return { from: word.from, validFor: ROOT, options: options(this.#request ? REQUEST : [], "variable") };
        if (head === "@request.headers") return { from: word.from, validFor: ROOT, options: options(HEADERS, "variable") };
        const from = word.from + dot + 1;
        if (head === "@collection")
            return {
                from,
                validFor: WORD,
                options: this.#paths.all.map(({ name, type }) => ({ label: name, detail: type, type: "class" })),
            };
        const followed = this.#followed(head.split("."));
        if (!followed) return null;
        const { path, body } = followed;
        const step = path.length ? this.#paths.follow(followed.from, path) : undefined;
        if (path.length && !step) return null;
        if (step?.field?.type === "geoPoint")
            return {
                from,
                validFor: WORD,
                options: options(
                    [
                        { name: "lon", help: "longitude" },
                        { name: "lat", help: "latitude" },
                    ],
                    "property",
                ),
            };
        const relations = path.length < MAX_RELATIONS && !(body && !path.length);
        return { from, validFor: WORD, options: this.#paths.steps(step?.to ?? followed.from, { relations }).map((one) => option(one)) };
    }

    /** Where a path starts, and which names of it are to be followed. */
    #followed(names: string[]): Followed | null {
        const [head, second = "", ...rest] = names;
        if (head === "@request" && second === "auth") return { from: this.#paths.accounts, path: rest, body: false };
        if (head === "@request" && second === "body") return { from: [this.#own], path: rest, body: true };
        if (head === "@collection") {
            const other = this.#paths.find(second.split(":")[0]!);
            return other ? { from: [other], path: rest, body: false } : null;
        }
        return head?.startsWith("@") ? null : { from: [this.#own], path: names, body: false };
    }

    /** What may stand at the left or right of a sign, `first` what is most likely. */
    #operands(first: Completion[] = []): Completion[] {
        const others = { label: "@collection.", info: "the records of another collection", type: "namespace" };
        const all = [
            ...this.#paths.steps([this.#own]).map((step) => option(step, 2)),
            ...(this.#request ? options(REQUEST, "variable", 1) : []),
            others,
            ...options(MACROS, "constant"),
            ...options(CONSTANTS, "keyword"),
            ...FUNCTIONS.map(({ name, help }) => ({ label: name, apply: `${name}(`, info: help, type: "function" })),
        ];
        return [...first, ...all.filter(({ label }) => !first.some((one) => one.label === label))];
    }

    /** What the name at the left of the sign is usually compared with. */
    #values(before: Token[]): Completion[] {
        const name = compared(before);
        if (name === "@request.method") return options(METHODS, "text", 9);
        if (name === "@request.context") return options(CONTEXTS, "text", 9);
        if (/:(isset|changed)$/.test(name)) return options(CONSTANTS.slice(0, 2), "keyword", 9);
        const field = this.#field(name);
        return field ? this.#of(field) : [];
    }

    #of(field: Field): Completion[] {
        if (field.type === "select") return (field.values as string[]).map((value) => ({ label: quoted(value), type: "text", boost: 9 }));
        if (field.type === "bool") return options(CONSTANTS.slice(0, 2), "keyword", 9);
        if (field.type === "date" || field.type === "autodate") return options(MACROS.slice(0, 9), "constant", 9);
        const account = field.type === "relation" && this.#paths.find(field.collectionId)?.type === "auth";
        return account && this.#request ? [{ label: "@request.auth.id", info: "who asks", type: "variable", boost: 9 }] : [];
    }

    /** Inside quotes: the values of a list of choices. */
    #inText(text: Token, before: Token[]): CompletionResult | null {
        const found = expected(before) === "right" ? this.#values(before).filter(({ label }) => label.startsWith("'")) : [];
        const inside = found.map((one) => ({ ...one, label: one.label.slice(1, -1) }));
        return inside.length ? { from: text.from + 1, options: inside, validFor: /^[^'"]*$/ } : null;
    }

    #field(name: string): Field | undefined {
        const followed = this.#followed(name.replace(/:(lower|each)$/, "").split("."));
        return followed ? this.#paths.follow(followed.from, followed.path)?.field : undefined;
    }

    #resolves(token: Token | undefined): boolean {
        return (
            token?.kind === "close" || (token?.kind === "name" && (token.text.startsWith("@") || !!this.#field(token.text.split(":")[0]!)))
        );
    }
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

const options = (words: Word[], type: string, boost = 0): Completion[] =>
    words.map(({ name, help }) => ({ label: name, info: help, type, boost }));

function option({ name, detail, field }: Step, boost = 0): Completion {
    return {
        label: name,
        detail,
        info: (field?.help as string) || undefined,
        type: field ? "property" : "method",
        boost: field ? boost : boost - 1,
    };
}
