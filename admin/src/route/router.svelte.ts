import type { Component } from "svelte";
import { screens, type Audience, type Screen } from "./screens";

/** A place in the dashboard: what stands behind `#`. */
export interface Place {
    path: string;
    query: URLSearchParams;
}

function read(): Place {
    const [path = "", query = ""] = location.hash.replace(/^#/, "").split("?", 2);
    return { path: path || "/", query: new URLSearchParams(query) };
}

/** The hash of a place; parameters that are empty or undefined are left out. */
export function href(path: string, query: Record<string, string | undefined> = {}): string {
    const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
    return `#${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

type Guard = () => boolean | Promise<boolean>;

class Router {
    place = $state.raw<Place>(read());
    #guards = new Set<Guard>();
    #settled = location.hash;

    constructor() {
        addEventListener("hashchange", () => void this.#moved());
        addEventListener("beforeunload", (event) => {
            if (this.#guards.size) event.preventDefault();
        });
    }

    /** The screen of the place, and the values of its `:names`. */
    readonly match = $derived.by<{ screen: Screen; params: Record<string, string> } | null>(() => {
        for (const screen of screens) {
            const params = matched(screen.path, this.place.path);
            if (params) return { screen, params };
        }
        return null;
    });

    go(path: string, query: Record<string, string | undefined> = {}, { replace = false } = {}): void {
        const hash = href(path, query);
        if (hash === location.hash) return;
        if (!replace) {
            location.hash = hash;
            return;
        }
        history.replaceState(null, "", hash);
        this.#settled = hash;
        this.place = read();
    }

    /** Changes some parameters of the place that is shown; undefined takes one away. */
    set(query: Record<string, string | undefined>, { replace = true } = {}): void {
        this.go(this.place.path, { ...Object.fromEntries(this.place.query), ...query }, { replace });
    }

    /** Asks before the place is left, as long as the answer is not called; for unsaved work. */
    guard(leave: Guard): () => void {
        this.#guards.add(leave);
        return () => this.#guards.delete(leave);
    }

    async #moved(): Promise<void> {
        if (location.hash === this.#settled) return;
        const wanted = location.hash;
        for (const leave of [...this.#guards]) {
            if (await leave()) continue;
            history.replaceState(null, "", this.#settled);
            return;
        }
        this.#settled = wanted;
        this.place = read();
    }
}

function matched(pattern: string, path: string): Record<string, string> | null {
    const wanted = pattern.split("/");
    const given = path.replace(/\/$/, "").split("/");
    if (wanted.length !== given.length) return null;
    const params: Record<string, string> = {};
    for (const [index, part] of wanted.entries()) {
        if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(given[index]!);
        else if (part !== given[index]) return null;
    }
    return params;
}

export const router = new Router();
export type { Audience, Component };
