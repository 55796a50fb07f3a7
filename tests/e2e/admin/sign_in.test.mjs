import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, close, EMAIL, leave, open, PASSWORD, shot } from "./browser.mjs";

after(close);

test("a superuser signs in, and comes to where he wanted to go", async () => {
    const page = await open("/logs", { signedIn: false });
    await page.getByRole("heading", { name: "Superuser sign-in" }).waitFor();
    await accessible(page);
    await shot(page, "sign-in");
    await page.getByLabel("Email").fill(EMAIL);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(/#\/logs$/);
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    await leave(page);
});

test("a wrong password is said in words", async () => {
    const page = await open("/login", { signedIn: false, expected: [/400/] });
    await page.getByLabel("Email").fill(EMAIL);
    await page.getByLabel("Password", { exact: true }).fill("not-this-one");
    await page.getByRole("button", { name: "Sign in" }).click();
    assert.match(await page.getByRole("alert").innerText(), /Email or password are not right/);
    await leave(page);
});

test("who signs out is out", async () => {
    const page = await open("/collections");
    await page.getByRole("button", { name: `Account of ${EMAIL}` }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Superuser sign-in" }).waitFor();
    await leave(page);
});
