// The link that the first start prints, in Chromium: it makes one superuser and is worth nothing after that.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, close, leave, open, SERVER } from "./admin/browser.mjs";

const place = process.env.LINK.split("#")[1];
after(close);

async function ask(page, email) {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("a long password");
    await page.getByRole("button", { name: "Create superuser" }).click();
}

async function signsIn(identity) {
    const body = JSON.stringify({ identity, password: "a long password" });
    const headers = { "Content-Type": "application/json" };
    return (await fetch(`${SERVER}/api/collections/_superusers/auth-with-password`, { method: "POST", headers, body })).ok;
}

test("the link makes the first superuser, who is signed in then", async () => {
    const page = await open(place, { signedIn: false });
    await page.getByRole("heading", { name: "Welcome" }).waitFor();
    await accessible(page);
    await ask(page, "me@example.com");
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    assert.ok(await signsIn("me@example.com"));
    await leave(page);
});

test("it works only once", async () => {
    const page = await open(place, { signedIn: false, expected: [/40[013]/] });
    await ask(page, "thief@example.com");
    await page.getByText(/used up or too old/).waitFor();
    assert.equal(await signsIn("thief@example.com"), false);
    await leave(page);
});
