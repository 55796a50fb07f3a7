import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import PocketBase from "pocketbase";
import { accessible, close, leave, open, SERVER, shot, superuser } from "./browser.mjs";
import { postOffice } from "./post.mjs";

let pb;
before(async () => (pb = await superuser()));
after(close);

/** The options of a collection of accounts, opened from its records. */
async function options(name, settings) {
    const page = await open(`/collections?collection=${name}`, settings);
    await page.getByRole("button", { name: "Settings of this collection" }).click();
    const panel = page.getByRole("dialog", { name, exact: true });
    await panel.getByRole("tab", { name: "Options" }).click();
    return { page, panel };
}

async function save(page, panel, name) {
    await panel.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("region", { name: "Messages" }).getByText(`Collection ${name} saved.`).waitFor();
    return pb.collections.getOne(name);
}

test("a new collection of accounts lets people register, sign in and see themselves alone", async () => {
    const page = await open("/collections?collection=users");
    await page.getByRole("button", { name: /first collection|New collection/ }).click();
    const panel = page.getByRole("dialog", { name: "New collection" });
    await panel.getByText("People who sign in.").click();
    await panel.getByRole("textbox", { name: "Name", exact: true }).fill("members");
    await panel.getByText("an account is seen, changed and deleted by itself alone").waitFor();
    await panel.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("heading", { name: "members" }).waitFor();
    const guest = new PocketBase(SERVER);
    for (const email of ["a@example.com", "b@example.com"]) await guest.collection("members").create({ email, password: "12345678901", passwordConfirm: "12345678901" });
    await guest.collection("members").authWithPassword("b@example.com", "12345678901");
    const { items } = await guest.collection("members").getList();
    assert.deepEqual(items.map(({ email }) => email), ["b@example.com"]);
    await leave(page);
});

test("accounts sign in with a unique field, a code by mail and a second factor, as it was chosen", async () => {
    const users = await pb.collections.getOne("users");
    await pb.collections.update("users", {
        fields: [...users.fields, { name: "handle", type: "text" }],
        indexes: [...users.indexes, "CREATE UNIQUE INDEX `idx_handle` ON `users` (`handle`)"],
    });
    const { page, panel } = await options("users");
    await panel.getByRole("switch", { name: "Multi-factor (MFA)" }).click();
    await panel.getByText("Turn on two ways to sign in").waitFor();
    await panel.getByRole("checkbox", { name: "handle" }).check();
    await panel.getByRole("switch", { name: "One-time password (OTP)" }).click();
    await panel.getByRole("region", { name: "One-time password (OTP)" }).getByLabel("Digits").fill("6");
    await panel.getByRole("textbox", { name: "Only for accounts for which" }).and(panel.locator(".cm-content")).click();
    await page.keyboard.insertText("verified = true");
    await accessible(page);
    await shot(page, "schema-auth");
    const saved = await save(page, panel, "users");
    assert.deepEqual(saved.passwordAuth.identityFields, ["email", "handle"]);
    assert.deepEqual([saved.otp.enabled, saved.otp.length, saved.mfa.enabled, saved.mfa.rule], [true, 6, true, "verified = true"]);
    await leave(page);
});

test("a service is picked and set up; its secret is kept when it is changed without one, and another host is said before", async () => {
    const { page, panel } = await options("users", { size: "phone", scheme: "dark" });
    await panel.getByRole("switch", { name: "Other services (OAuth2)" }).click();
    await panel.getByRole("button", { name: "Add a service" }).click();
    const picker = page.getByRole("dialog", { name: "Add a service" });
    await picker.getByRole("searchbox").fill("oidc");
    await accessible(page);
    await picker.getByRole("button", { name: "OIDC any OpenID provider" }).click();
    const form = page.getByRole("dialog", { name: "OIDC" });
    for (const [label, value] of [
        ["Client id", "the-client"],
        ["Client secret", "the-secret"],
        ["Shown as", "Work"],
        ["Sign-in page (auth URL)", "https://id.example.com/auth"],
        ["Token URL", "https://id.example.com/token"],
        ["User info URL", "https://id.example.com/me"],
    ])
        await form.getByRole("textbox", { name: label }).or(form.getByLabel(label, { exact: false })).first().fill(value);
    await accessible(page);
    await shot(page, "schema-provider-phone");
    await form.getByRole("button", { name: "Set", exact: true }).click();
    await save(page, panel, "users");
    await page.getByRole("button", { name: "Settings of this collection" }).click();
    await panel.getByRole("tab", { name: "Options" }).click();
    await panel.getByRole("button", { name: "Settings of Work" }).click();
    const again = page.getByRole("dialog", { name: "OIDC" });
    await again.getByRole("textbox", { name: "Token URL" }).fill("https://other.example.com/token");
    await again.getByRole("button", { name: "Set", exact: true }).click();
    await panel.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Provider Work is asked at another host (tokenURL)").waitFor();
    await page.getByRole("button", { name: "Save changes" }).click();
    await panel.waitFor({ state: "detached" });
    const [provider] = (await pb.collections.getOne("users")).oauth2.providers;
    assert.deepEqual([provider.name, provider.clientId, provider.displayName, provider.tokenURL], ["oidc", "the-client", "Work", "https://other.example.com/token"]);
    await leave(page);
});

test("a letter is changed, and tried out by mail", async () => {
    const office = await postOffice(pb, SERVER);
    const { page, panel } = await options("users");
    await panel.getByText("Password reset", { exact: true }).first().click();
    const letter = panel.locator("details[open]");
    await letter.getByLabel("Subject").fill("A new password for {APP_NAME}");
    await panel.getByRole("button", { name: "Save and continue" }).click();
    await page.getByRole("region", { name: "Messages" }).getByText("Collection users saved.").waitFor();
    await letter.getByRole("button", { name: "Send a test letter" }).click();
    const dialog = page.getByRole("dialog", { name: "Send a test letter" });
    await dialog.getByLabel("To").fill("somebody@example.com");
    await accessible(page);
    await dialog.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("The letter is on its way to somebody@example.com.").waitFor();
    const { subject, to } = await office.letter();
    assert.match(`${subject} to ${to[0].address}`, /^A new password for .* to somebody@example.com$/);
    await office.close();
    await leave(page);
});

test("all tokens that were issued are made invalid, after that was said", async () => {
    await pb.collections.update("users", { mfa: { enabled: false } });
    await pb.collection("users").create({ email: "a@example.com", password: "12345678901", passwordConfirm: "12345678901" });
    const guest = new PocketBase(SERVER);
    await guest.collection("users").authWithPassword("a@example.com", "12345678901");
    await guest.collection("users").authRefresh();
    const { page, panel } = await options("users");
    await panel.getByLabel("Sign-in (seconds)").fill("3600");
    await panel.getByText("1 hour", { exact: true }).waitFor();
    await panel.getByRole("button", { name: "Invalidate all sign-ins" }).click();
    await panel.getByText("Not saved yet").waitFor();
    assert.match(await page.evaluate(() => Object.entries(localStorage).find(([key]) => key.includes("draft"))[1]), /"secret":""/, "no secret is kept in the browser");
    await panel.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("All sign-ins issued so far become invalid.").waitFor();
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByRole("region", { name: "Messages" }).getByText("Collection users saved.").waitFor();
    await assert.rejects(guest.collection("users").authRefresh(), { status: 401 });
    assert.equal((await pb.collections.getOne("users")).authToken.duration, 3600);
    await leave(page);
});

test("Apple's client secret is made of a key, and what is wrong with it is said", async () => {
    const { page, panel } = await options("users", { expected: [/400/] });
    const service = panel.getByRole("switch", { name: "Other services (OAuth2)" });
    if (!(await service.isChecked())) await service.click();
    await panel.getByRole("button", { name: "Add a service" }).click();
    await page.getByRole("button", { name: "Apple" }).click();
    await page.getByRole("dialog", { name: "Apple" }).getByRole("button", { name: "Generate secret" }).click();
    const dialog = page.getByRole("dialog", { name: "Generate Apple's client secret" });
    for (const [label, value] of [["Client id (Services ID)", "com.example"], ["Team id", "short"], ["Key id", "ABCDE12345"], ["Private key", "none"]]) await dialog.getByLabel(label).fill(value);
    await dialog.getByRole("button", { name: "Generate and set" }).click();
    await dialog.getByText("Invalid client secret data.").waitFor();
    assert.equal(await dialog.getByLabel("Team id").getAttribute("aria-invalid"), "true");
    await leave(page);
});
