export type Kind = "comment" | "text" | "open text" | "number" | "call" | "name" | "join" | "sign" | "open" | "close" | "comma" | "other";

export interface Token {
    kind: Kind;
    text: string;
    from: number;
}

/** What may stand next: an operand at the left or right of a sign, a sign, a join, an argument of a function. */
export type Expected = "left" | "right" | "sign" | "join" | "argument";

const PATTERNS: [Kind, RegExp][] = [
    ["comment", /\/\/[^\n]*/y],
    ["text", /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y],
    ["open text", /['"][^]*/y],
    ["number", /-?\d+(?:\.\d+)?/y],
    ["call", /[A-Za-z_]\w*\(/y],
    ["name", /[@#A-Za-z_][\w.:]*/y],
    ["join", /&&|\|\|/y],
    ["sign", /\??(?:!=|!~|[<>]=?|=|~)/y],
    ["open", /\(/y],
    ["close", /\)/y],
    ["comma", /,/y],
    ["other", /[^\s]/y],
];

/** The parts of a rule as far as it is written; nothing is an error here. */
export function tokens(text: string): Token[] {
    const found: Token[] = [];
    let at = 0;
    while (at < text.length) {
        const token = /\s/.test(text[at]!) ? undefined : next(text, at);
        if (token) found.push(token);
        at += token?.text.length ?? 1;
    }
    return found;
}

function next(text: string, from: number): Token | undefined {
    for (const [kind, pattern] of PATTERNS) {
        pattern.lastIndex = from;
        const match = pattern.exec(text);
        if (match) return { kind, text: match[0], from };
    }
    return undefined;
}

const AFTER: Partial<Record<Kind, Expected>> = { sign: "right", join: "left", open: "left", call: "argument", comma: "argument" };

/** What may stand behind these parts. */
export function expected(before: Token[]): Expected {
    const around: (Expected | "group")[] = [];
    let state: Expected = "left";
    for (const { kind } of before) {
        if (kind === "call") around.push(state);
        if (kind === "open") around.push("group");
        if (kind === "close") state = closed(around.pop());
        else if (["name", "text", "number"].includes(kind)) state = operand(state);
        else state = AFTER[kind] ?? state;
    }
    return state;
}

const operand = (state: Expected): Expected => (state === "left" ? "sign" : state === "right" ? "join" : state);

const closed = (around: Expected | "group" | undefined): Expected => (around && around !== "group" ? operand(around) : "join");

/** The name at the left of the sign that was written last. */
export function compared(before: Token[]): string {
    const sign = before.findLastIndex(({ kind }) => kind === "sign");
    const left = before[sign - 1];
    return left?.kind === "name" ? left.text : "";
}
