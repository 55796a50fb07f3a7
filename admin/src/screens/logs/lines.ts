import { pb } from "../../api/client";

/** A line of the logs; `data` of a request has `method, url, status, execTime` (ms) and more. */
export interface Line {
    id: string;
    created: string;
    level: number;
    message: string;
    data: Record<string, unknown>;
}

export interface Hour {
    /** Seconds since 1970. */
    at: number;
    all: number;
    bad: number;
}

/** Which lines are shown; everything of it is in the place's query. */
export interface Chosen {
    search: string;
    level: string;
    superusers: boolean;
    from: string;
    to: string;
}

export const LEVELS: { value: string; label: string }[] = [
    { value: "", label: "All levels" },
    { value: "0", label: "Info and above" },
    { value: "4", label: "Warnings and errors" },
    { value: "8", label: "Errors only" },
];

const NAMES: [number, string, "plain" | "accent" | "warn" | "bad"][] = [
    [8, "Error", "bad"],
    [4, "Warning", "warn"],
    [0, "Info", "plain"],
    [-Infinity, "Debug", "plain"],
];

/** A level's word and look. */
export function level(value: number): { name: string; kind: "plain" | "accent" | "warn" | "bad" } {
    const [, name, kind] = NAMES.find(([least]) => value >= least)!;
    return { name, kind };
}

/** What a filter may name. */
export const FIELDS: [string, string][] = [
    ["message", "text"],
    ["level", "-4, 0, 4 or 8"],
    ["created", "when"],
    ["data.status", "of the answer"],
    ["data.method", "GET, POST …"],
    ["data.url", "with its query"],
    ["data.execTime", "ms"],
    ["data.auth", "collection of who asked"],
    ["data.authId", "who asked"],
    ["data.userIP", "address"],
    ["data.remoteIP", "address of the connection"],
    ["data.userAgent", "program"],
    ["data.referer", "page"],
    ["data.error", "what was answered"],
    ["data.details", "errors of fields"],
    ["data.type", "request, or part of the server"],
];

/** Is it a filter, and not a term to look for? */
export const isFilter = (text: string): boolean => /[=<>~]|&&|\|\|/.test(text);

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** The condition that lines must meet, for the server. */
export function condition(chosen: Chosen): string {
    const search = chosen.search.trim();
    const parts = [
        chosen.from && `created >= ${quoted(chosen.from)}`,
        chosen.to && `created < ${quoted(chosen.to)}`,
        chosen.level && `level >= ${chosen.level}`,
        !chosen.superusers && `data.auth != '_superusers'`,
        search && (isFilter(search) ? `(${search})` : `(message ~ ${quoted(search)} || data ~ ${quoted(search)})`),
    ];
    return parts.filter(Boolean).join(" && ");
}

/** A page of lines, the newest first. */
export async function page(filter: string, number: number, size: number): Promise<Line[]> {
    const found = await pb.logs.getList(number, size, { filter, sort: "-@rowid", skipTotal: true });
    return found.items as unknown as Line[];
}

/** How many lines, and how many warnings and errors among them, there were in each hour, hours without any included. */
export async function hours(filter: string): Promise<Hour[]> {
    const worse = [filter, "level > 0"].filter(Boolean).join(" && ");
    const [all, bad] = await Promise.all([pb.logs.getStats({ filter }), pb.logs.getStats({ filter: worse })]);
    const wrong = new Map(bad.map(({ date, total }) => [seconds(date), total]));
    const total = new Map(all.map(({ date, total }) => [seconds(date), total]));
    const first = seconds(all[0]?.date ?? "");
    const last = seconds(all.at(-1)?.date ?? "");
    const found: Hour[] = [];
    for (let at = first; at <= last; at += 3600) found.push({ at, all: total.get(at) ?? 0, bad: wrong.get(at) ?? 0 });
    return found;
}

const seconds = (stored: string): number => Date.parse(stored.replace(" ", "T")) / 1000;

/** Newest first. Lines of several workers are written a moment apart, so the order they are stored in is only nearly that of time. */
export const newestFirst = (lines: Line[]): Line[] => lines.sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0));
