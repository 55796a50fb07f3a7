/** How a value is written in each language of the examples. */

export type Lang = "javascript" | "python" | "dart" | "curl";
export const LANGS: { value: Lang; label: string }[] = [
    { value: "javascript", label: "JavaScript" },
    { value: "python", label: "Python" },
    { value: "dart", label: "Dart" },
    { value: "curl", label: "curl" },
];

const pad = (depth: number): string => "    ".repeat(depth);

/** An object as a literal of the language, its first line where it stands. */
export function literal(value: unknown, lang: Lang, depth = 0): string {
    if (value === null) return lang === "python" ? "None" : "null";
    if (typeof value === "boolean") return lang === "python" ? (value ? "True" : "False") : String(value);
    if (Array.isArray(value)) return `[${value.map((one) => literal(one, lang, depth)).join(", ")}]`;
    if (typeof value === "object") {
        const inside = Object.entries(value).map(
            ([key, one]) => `${pad(depth + 1)}${name(key, lang)}: ${literal(one, lang, depth + 1)},\n`,
        );
        return inside.length ? `{\n${inside.join("")}${pad(depth)}}` : "{}";
    }
    return lang === "javascript" || lang === "dart" || lang === "python" ? JSON.stringify(value) : String(value);
}

function name(key: string, lang: Lang): string {
    return lang === "javascript" && /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

/** A call with curl; `body` is sent as JSON. */
export function curl(
    method: string,
    url: string,
    { body, token = false, query = {} }: { body?: unknown; token?: boolean; query?: Record<string, string> } = {},
): string {
    const lines = [`curl${method === "GET" ? " -G" : ` -X ${method}`} '${url}'`];
    if (token) lines.push(`-H 'Authorization: TOKEN'`);
    for (const [key, value] of Object.entries(query)) lines.push(`--data-urlencode '${key}=${value}'`);
    if (body !== undefined)
        lines.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`);
    return lines.join(" \\\n  ");
}

/** The first lines of every example. */
export function opening(lang: Lang, root: string): string {
    switch (lang) {
        case "javascript":
            return `import PocketBase from "pocketbase";\n\nconst pb = new PocketBase("${root}");\n\n`;
        case "python":
            return `from pocketbase import PocketBase\n\npb = PocketBase("${root}")\n\n`;
        case "dart":
            return `import 'package:pocketbase/pocketbase.dart';\n\nfinal pb = PocketBase("${root}");\n\n`;
        case "curl":
            return "";
    }
}
