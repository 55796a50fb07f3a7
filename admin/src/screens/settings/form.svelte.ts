import { tick } from "svelte";
import { below, fieldErrors, sentence, type FieldErrors } from "../../api/errors";
import { settings, type Settings } from "../../api/settings.svelte";
import { Draft } from "../../ui/draft.svelte";
import { done } from "../../ui/toasts.svelte";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Some of the settings while they are edited. Make one in a component's initialisation. */
export class SettingsForm<T extends object> {
    value: T;
    errors = $state.raw<FieldErrors>({});
    /** Why the server did not take the values. */
    problem = $state("");
    busy = $state(false);
    /** What an earlier visit left unsaved. */
    left = $state.raw<T | null>(null);
    #draft: Draft<T>;
    #picked: () => T;

    /** `picked` takes from the settings what is edited; it must name no secrets, as unsaved work is kept in the browser. */
    constructor(name: string, picked: (settings: Settings) => T) {
        this.#picked = () => copy(picked(settings.value!));
        this.value = $state(this.#picked()) as T;
        this.#draft = new Draft<T>(`settings:${name}`, this.#picked, () => $state.snapshot(this.value) as T);
        this.left = this.#draft.restorable();
    }

    get changed(): boolean {
        return this.#draft.changed;
    }

    /** The server's message about the value at a path, `meta.appName`. */
    error(path: string): string | undefined {
        return this.errors[path];
    }

    /** The server's messages about a list's items, each with the item it is about. */
    itemErrors(path: string, items: string[]): string | undefined {
        const told = Object.entries(below(this.errors, path)).map(([index, message]) =>
            index ? `${items[Number(index)] ?? ""}: ${message}` : message,
        );
        return told.join(" ") || undefined;
    }

    /** Forgets messages at or below a path: what they were about is no longer there. */
    forget(path: string): void {
        this.errors = Object.fromEntries(Object.entries(this.errors).filter(([key]) => key !== path && !key.startsWith(`${path}.`)));
    }

    restore(): void {
        if (this.left) this.value = this.left;
        this.left = null;
    }

    reset(): void {
        this.value = this.#picked();
        this.errors = {};
        this.problem = "";
        this.left = null;
        this.#draft.clear();
    }

    /** Sends the values (or a body made of them); answers whether they were taken. */
    async save(body: object = $state.snapshot(this.value) as object): Promise<boolean> {
        if (this.busy) return false;
        this.busy = true;
        try {
            await settings.save(body);
            this.reset();
            done("Settings saved.");
            return true;
        } catch (error) {
            this.errors = fieldErrors(error);
            this.problem = sentence(error);
            await tick();
            document.querySelector<HTMLElement>("main [aria-invalid=true]")?.focus();
            return false;
        } finally {
            this.busy = false;
        }
    }
}
