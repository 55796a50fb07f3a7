import { pb } from "../../api/client";

const RENEW_MS = 90_000;

/** The token that protected files are fetched with; asked for when one is shown, and renewed while they are. */
class FileToken {
    #value = $state("");
    #asked = -Infinity;

    get value(): string {
        if (performance.now() - this.#asked > RENEW_MS) void this.#ask();
        return this.#value;
    }

    async #ask(): Promise<void> {
        this.#asked = performance.now();
        try {
            this.#value = await pb.files.getToken();
        } catch {
            this.#asked = -Infinity; // files are shown by name until the next one is asked for
        }
    }
}

export const fileToken = new FileToken();
