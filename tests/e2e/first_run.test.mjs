// The link that the first start prints, in Chromium: it makes one superuser, signs in, and is worth nothing after that.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, close, leave, open, SERVER, shot } from "./admin/browser.mjs";

const { LINK } = process.env;
after(close);

const install = (options) => open(LINK.split("#")[1], { signedIn: false, ...options });

async function fill(page, email, password) {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Create superuser and sign in" }).click();
}

async function status(identity, password) {
    const body = JSON.stringify({ identity, password });
    const headers = { "Content-Type": "application/json" };
    return (await fetch(`${SERVER}/api/collections/_superusers/auth-with-password`, { method: "POST", headers, body })).status;
}

test("without the link the page asks to sign in", async () => {
    const page = await open("/", { signedIn: false });
    await page.getByRole("heading", { name: "Superuser sign-in" }).waitFor();
    await leave(page);
});

test("what is wrong is said at its field", async () => {
    const page = await install({ expected: [/400/] });
    await accessible(page);
    await shot(page, "install");
    await fill(page, "me@nowhere", "a long password");
    await page.getByRole("alert").filter({ hasText: /email/i }).waitFor();
    await leave(page);
});

test("the link makes the first superuser, who is signed in", async () => {
    const page = await install();
    await fill(page, "me@example.com", "a long password");
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    assert.equal(await status("me@example.com", "a long password"), 200);
    await leave(page);
});

test("it works only once", async () => {
    const page = await install({ expected: [/40[013]/] });
    await fill(page, "thief@example.com", "a long password");
    await page.getByText(/used up or too old/).waitFor();
    assert.equal(await status("thief@example.com", "a long password"), 400);
    await leave(page);
});
