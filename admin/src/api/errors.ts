import { ClientResponseError } from "pocketbase";

/** Messages by where they belong: `title`, `fields.0.name`, `passwordAuth.identityFields`. */
export type FieldErrors = Record<string, string>;

/** What went wrong, as a sentence for people. */
export function sentence(error: unknown): string {
    if (!(error instanceof ClientResponseError)) return error instanceof Error ? error.message : String(error);
    if (error.isAbort) return "The request was cancelled.";
    if (error.status === 0) return "The server cannot be reached.";
    return error.response.message || `The server answered ${error.status}.`;
}

/** The server's messages about single values, flattened. */
export function fieldErrors(error: unknown): FieldErrors {
    const found: FieldErrors = {};
    if (error instanceof ClientResponseError) gather(error.response.data, "", found);
    return found;
}

function gather(data: unknown, path: string, found: FieldErrors): void {
    if (!data || typeof data !== "object") return;
    const { code, message } = data as { code?: unknown; message?: unknown };
    if (typeof code === "string" && typeof message === "string") {
        found[path] = message;
        return;
    }
    for (const [key, value] of Object.entries(data)) gather(value, path ? `${path}.${key}` : key, found);
}

/** The messages at or below a path, with the path taken off: `below(errors, "fields.2")` has `name`, `max`. */
export function below(errors: FieldErrors, path: string): FieldErrors {
    const inside = Object.entries(errors).filter(([key]) => key === path || key.startsWith(`${path}.`));
    return Object.fromEntries(inside.map(([key, message]) => [key === path ? "" : key.slice(path.length + 1), message]));
}
