import KeyRound from "@lucide/svelte/icons/key-round";
import MailCheck from "@lucide/svelte/icons/mail-check";
import RotateCcwKey from "@lucide/svelte/icons/rotate-ccw-key";
import UserRoundKey from "@lucide/svelte/icons/user-round-key";
import { pb } from "../../../api/client";
import { session } from "../../../api/session.svelte";
import { confirm } from "../../../ui/confirm.svelte";
import type { MenuItem } from "../../../ui/Menu.svelte";
import { done, failed } from "../../../ui/toasts.svelte";
import type { RecordForm } from "../form.svelte";

/** What can be done with an account. */
export function accountActions(form: RecordForm, readonly: boolean, impersonate: () => void): MenuItem[] {
    const record = form.base!;
    const accounts = pb.collection(form.collection.name);
    const email = String(record.email ?? "");
    const letter = (send: () => Promise<unknown>): void => void send().then(() => done(`A letter is on its way to ${email}.`), failed);
    const superuser = form.collection.name === "_superusers";
    const items: MenuItem[] = [];
    if (!superuser && !record.verified && email) {
        items.push({ label: "Send verification email", icon: MailCheck, run: () => letter(() => accounts.requestVerification(email)) });
    }
    if (email && form.collection.passwordAuth?.enabled) {
        items.push({ label: "Send password reset email", icon: KeyRound, run: () => letter(() => accounts.requestPasswordReset(email)) });
    }
    items.push({ label: "Impersonate", icon: UserRoundKey, run: impersonate });
    items.push({ label: "Sign out everywhere", icon: RotateCcwKey, disabled: readonly, run: () => void resetTokens(form).catch(failed) });
    return items;
}

/** Makes all tokens of an account worthless, by a new token key. */
async function resetTokens(form: RecordForm): Promise<void> {
    const own = form.id === session.superuser?.id && form.collection.name === "_superusers";
    const yes = await confirm({
        title: "Reset all issued tokens?",
        body: own
            ? "You are signed out everywhere, here too."
            : "The account is signed out everywhere; links in letters that were sent to it stop working.",
        action: "Reset tokens",
        danger: true,
    });
    if (!yes) return;
    await pb.collection(form.collection.name).update(form.id!, { "tokenKey:autogenerate": "" });
    if (own) session.signOut();
    else await form.look();
    done("All tokens of the account are reset.");
}
