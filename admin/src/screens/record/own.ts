import type { RecordModel } from "pocketbase";
import { pb, renewing } from "../../api/client";
import { session } from "../../api/session.svelte";
import { done } from "../../ui/toasts.svelte";
import type { RecordForm } from "./form.svelte";

/** Saves a record. A new password or email of one's own ends the session that made it: goes on with a new one, or says that one has to sign in again. */
export function saveSignedIn(form: RecordForm): Promise<RecordModel | null> {
    const [own, password] = [session.superuser, form.values.password as string];
    if (!own || form.id !== own.id || form.collection.id !== own.collectionId) return form.save();
    return renewing(() => form.save((saved) => signInAgain(saved, password)));
}

async function signInAgain(saved: RecordModel, password: string): Promise<void> {
    const superusers = pb.collection("_superusers");
    try {
        await (password ? superusers.authWithPassword(saved.email, password) : superusers.authRefresh());
    } catch {
        session.signOut();
        done("Your account was changed: sign in again.");
    }
}
