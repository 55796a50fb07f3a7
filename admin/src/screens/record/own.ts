import type { RecordModel } from "pocketbase";
import { pb } from "../../api/client";
import { session } from "../../api/session.svelte";
import { done } from "../../ui/toasts.svelte";

/** A new password or email of one's own ends the session that made it: signs in again, or says that one has to. */
export async function keepSignedIn(saved: RecordModel, password: string): Promise<void> {
    const own = session.superuser;
    if (!own || saved.id !== own.id || saved.collectionId !== own.collectionId || !password) return;
    try {
        await pb.collection("_superusers").authWithPassword(saved.email, password);
    } catch {
        session.signOut();
        done("Sign in again with your new password.");
    }
}
