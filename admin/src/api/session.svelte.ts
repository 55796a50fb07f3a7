import type { RecordModel } from "pocketbase";
import { collections } from "./collections.svelte";
import { pb } from "./client";
import { settings } from "./settings.svelte";

/** Who is signed in. */
class Session {
    superuser = $state.raw<RecordModel | null>(pb.authStore.isValid && pb.authStore.isSuperuser ? pb.authStore.record : null);

    constructor() {
        pb.authStore.onChange(() => {
            this.superuser = pb.authStore.isValid && pb.authStore.isSuperuser ? pb.authStore.record : null;
        });
    }

    /** Loads what every screen needs, and renews the token. */
    async open(): Promise<void> {
        await Promise.all([collections.load(), settings.load(), this.refresh()]);
    }

    private async refresh(): Promise<void> {
        await pb
            .collection("_superusers")
            .authRefresh()
            .catch(() => undefined); // a token that is over signs out by itself
    }

    signOut(): void {
        void pb.realtime.unsubscribe();
        pb.authStore.clear();
    }
}

export const session = new Session();
