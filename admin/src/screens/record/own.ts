import type { RecordModel } from "pocketbase";
import { pb } from "../../api/client";
import { session } from "../../api/session.svelte";
import { done } from "../../ui/toasts.svelte";

/** A new password or email of one's own ends the session that made it: goes on with a new one, or says that one has to sign in again. */
export async function keepSignedIn(saved: RecordModel, password: string): Promise<void> {
    const own = session.superuser;
    if (!own || saved.id !== own.id || saved.collectionId !== own.collectionId) return;
    const superusers = pb.collection("_superusers");
    try {
        await (password ? superusers.authWithPassword(saved.email, password) : superusers.authRefresh());
    } catch {
        session.signOut();
        done("Your account was changed: sign in again.");
    }
}
