import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import PocketBase from "pocketbase";
import { accessible, close, EMAIL, leave, PASSWORD, SERVER, shot, superuser } from "./browser.mjs";
import { editor } from "./record.mjs";

let pb;
before(async () => {
    pb = await superuser();
});
after(close);

const account = (email, more = {}) => pb.collection("users").create({ email, password: "first-password", passwordConfirm: "first-password", ...more });
const signIn = (email, password) => new PocketBase(SERVER).collection("users").authWithPassword(email, password);
const menu = async (page, dialog, item) => {
    await dialog.getByRole("button", { name: "More about this record" }).click();
    await page.getByRole("menuitem", { name: item }).click();
};

test("an account is made with a generated password, and can sign in with it", async () => {
    const { page, dialog } = await editor("users", null);
    await dialog.getByRole("textbox", { name: "email" }).fill("ann@example.com");
    await dialog.getByRole("switch", { name: "Verified" }).click();
    await dialog.getByRole("button", { name: "Generate a password" }).click();
    await dialog.getByRole("button", { name: "Show", exact: true }).click();
    const password = await dialog.getByLabel(/^password/).inputValue();
    await accessible(page);
    await shot(page, "account-new");
    await page.keyboard.press("Control+s");
    await page.getByText("The record is made.").waitFor();
    assert.equal(await dialog.getByLabel(/^password/).inputValue(), "");
    const { record } = await signIn("ann@example.com", password);
    assert.equal(record.verified, true);
    await leave(page);
});

test("a superuser gives an account another password without the old one", async () => {
    const made = await account("bob@example.com");
    const { page, dialog } = await editor("users", made.id);
    await dialog.getByLabel(/^password/).fill("second-password");
    await dialog.getByRole("switch", { name: "Email is public" }).click();
    await page.keyboard.press("Control+s");
    await page.getByText("Saved.").waitFor();
    const { record } = await signIn("bob@example.com", "second-password");
    assert.equal(record.emailVisibility, true);
    await leave(page);
});

test("a token is made for acting as an account", async () => {
    const made = await account("carl@example.com");
    const { page, dialog } = await editor("users", made.id, { size: "phone", scheme: "dark" });
    await menu(page, dialog, "Impersonate");
    const acting = page.getByRole("dialog", { name: "Act as carl@example.com" });
    await acting.getByLabel("Valid for (seconds)").fill("600");
    await acting.getByRole("button", { name: "Make a token" }).click();
    const token = await acting.getByRole("textbox", { name: "Token" }).inputValue();
    await accessible(page);
    await shot(page, "account-impersonate");
    assert.match(await acting.getByRole("textbox", { name: "With the JavaScript SDK" }).inputValue(), new RegExp(token));
    const guest = new PocketBase(SERVER);
    guest.authStore.save(token);
    assert.equal((await guest.collection("users").getOne(made.id)).email, "carl@example.com");
    await leave(page);
});

test("issued tokens are reset", async () => {
    const made = await account("dora@example.com");
    const guest = new PocketBase(SERVER);
    await guest.collection("users").authWithPassword("dora@example.com", "first-password");
    const { page, dialog } = await editor("users", made.id);
    await menu(page, dialog, "Sign out everywhere");
    await page.getByRole("button", { name: "Reset tokens" }).click();
    await page.getByText("All tokens of the account are reset.").waitFor();
    await assert.rejects(guest.collection("users").authRefresh(), { status: 401 });
    await leave(page);
});

test("external accounts are unlinked and sign-in places forgotten", async () => {
    const made = await account("emma@example.com");
    const of = { collectionRef: made.collectionId, recordRef: made.id };
    await pb.collection("_externalAuths").create({ ...of, provider: "github", providerId: "4711" });
    await pb.collection("_externalAuths").create({ ...of, provider: "google", providerId: "0815" });
    await pb.collection("_authOrigins").create({ ...of, fingerprint: "a".repeat(32) });
    const { page, dialog } = await editor("users", made.id);
    await dialog.getByRole("tab", { name: "External accounts" }).click();
    await dialog.getByRole("button", { name: "Unlink GitHub" }).click();
    await page.getByRole("dialog", { name: "Unlink GitHub?" }).getByRole("button", { name: "Unlink GitHub" }).click();
    await dialog.getByRole("button", { name: "Unlink GitHub" }).waitFor({ state: "hidden" });
    await accessible(page);
    await shot(page, "account-external");
    await dialog.getByRole("tab", { name: "Sign-in places" }).click();
    await dialog.getByRole("button", { name: /^Forget/ }).click();
    await page.getByRole("button", { name: "Forget place" }).click();
    await dialog.getByText("No known places").waitFor();
    const filter = `recordRef = "${made.id}"`;
    assert.deepEqual((await pb.collection("_externalAuths").getFullList({ filter })).map(({ provider }) => provider), ["google"]);
    assert.equal((await pb.collection("_authOrigins").getFullList({ filter })).length, 0);
    await leave(page);
});

test("letters are sent to an account from its menu", async () => {
    const made = await account("finn@example.com");
    const { page, dialog } = await editor("users", made.id);
    for (const [item, path] of [["Send verification email", "request-verification"], ["Send password reset email", "request-password-reset"]]) {
        const asked = page.waitForResponse((response) => response.url().endsWith(path));
        await menu(page, dialog, item);
        assert.equal((await asked).status(), 204);
        assert.deepEqual((await asked).request().postDataJSON(), { email: "finn@example.com" });
        await page.getByText("A letter is on its way to finn@example.com.").first().waitFor();
    }
    await leave(page);
});

test("the last superuser is kept, which is said in words", async () => {
    const own = await pb.collection("_superusers").getFirstListItem(`email = "${EMAIL}"`);
    const { page, dialog } = await editor("_superusers", own.id, { expected: [/400/] });
    await menu(page, dialog, "Delete");
    await page.getByRole("button", { name: "Delete record" }).click();
    await page.getByRole("alert").filter({ hasText: /superuser|delete/i }).first().waitFor();
    assert.equal((await pb.collection("_superusers").getFullList()).length, 1);
    await leave(page);
});

test("who changes his own password stays signed in, whatever of the old session is refused meanwhile", async () => {
    const own = await pb.collection("_superusers").getFirstListItem(`email = "${EMAIL}"`);
    const { page, dialog } = await editor("_superusers", own.id, { expected: [/401/] });
    const places = [];
    page.on("framenavigated", (frame) => places.push(frame.url()));
    let held;
    const waits = new Promise((resolve) => page.route(/_authOrigins\/records/, (route) => resolve((held = route)), { times: 1 }));
    await page.route(/auth-with-password/, async (route) => {
        const late = page.waitForResponse(/_authOrigins\/records/);
        await held.fulfill({ status: 401, json: { status: 401, message: "The token is no longer good.", data: {} } });
        await late;
        await route.continue();
    });
    await dialog.getByLabel(/^password/).fill(`${PASSWORD}-two`);
    await dialog.getByRole("tab", { name: "Sign-in places" }).click();
    await waits;
    await page.keyboard.press("Control+s");
    await page.getByText("Saved.").waitFor();
    assert.deepEqual(places.filter((place) => place.includes("login")), []);
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { name: /Application|Settings/ }).first().waitFor();
    await leave(page);
});
