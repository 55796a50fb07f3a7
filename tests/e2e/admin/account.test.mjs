// What letters lead to: pages for people who are not signed in, superusers and others.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, EMAIL, leave, open, PASSWORD, SERVER, shot, superuser } from "./browser.mjs";
import { postOffice } from "./post.mjs";

let office;
let pb;

before(async () => {
    pb = await superuser();
    office = await postOffice(pb, SERVER);
    await pb.collection("users").create({ email: "ann@example.com", password: "anns-password", passwordConfirm: "anns-password" });
});
after(async () => {
    await office.close();
    await close();
});

const place = (link) => link.split("#")[1];
const users = () => pb.collection("users");

test("an address is confirmed by the link of its letter", async () => {
    await users().requestVerification("ann@example.com");
    const page = await open(place(await office.link()), { signedIn: false, size: "phone" });
    await page.getByRole("button", { name: "Confirm this address" }).click();
    await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
    await accessible(page);
    assert.equal((await users().getFirstListItem("email='ann@example.com'")).verified, true);
    await leave(page);
});

test("a forgotten password is replaced by the link of its letter, once", async () => {
    await users().requestPasswordReset("ann@example.com");
    const link = place(await office.link());
    const page = await open(link, { signedIn: false, scheme: "dark" });
    await page.getByLabel("New password", { exact: true }).fill("anns-new-password");
    await accessible(page);
    await shot(page, "account-new-password-dark");
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByRole("heading", { name: "Your password is changed" }).waitFor();
    await users().authWithPassword("ann@example.com", "anns-new-password");
    await leave(page);

    const again = await open(link, { signedIn: false, expected: [/400/] });
    await again.getByLabel("New password", { exact: true }).fill("thiefs-password");
    await again.getByRole("button", { name: "Change the password" }).click();
    await again.getByText(/used up or too old/).waitFor();
    await leave(again);
    pb = await superuser();
});

test("an address is changed by the link of a letter and the password", async () => {
    const { token } = await users().authWithPassword("ann@example.com", "anns-new-password");
    pb.authStore.save(token);
    await users().requestEmailChange("anna@example.com");
    const page = await open(place(await office.link()), { signedIn: false });
    await page.getByText(/anna@example.com is to be your new address/).waitFor();
    await page.getByLabel("Password", { exact: true }).fill("anns-new-password");
    await page.getByRole("button", { name: "Change the address" }).click();
    await page.getByRole("heading", { name: "Your address is changed" }).waitFor();
    await users().authWithPassword("anna@example.com", "anns-new-password");
    await leave(page);
    pb = await superuser();
});

test("a superuser who forgot the password asks for a letter", async () => {
    const page = await open("/login", { signedIn: false });
    await page.getByRole("link", { name: "Forgotten?" }).click();
    await page.getByLabel("Email").fill(EMAIL);
    await accessible(page);
    await page.getByRole("button", { name: "Send the letter" }).click();
    await page.getByRole("heading", { name: "Look at your mail" }).waitFor();
    await page.goto(`${SERVER}/_/#${place(await office.link())}`);
    await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByRole("link", { name: "To the sign-in" }).click();
    await page.getByRole("heading", { name: "Superuser sign-in" }).waitFor();
    await leave(page);
});

test("a link that was cut says so", async () => {
    const page = await open("/auth/confirm-verification/abc.def", { signedIn: false });
    await page.getByText(/used up, too old, or was cut/).waitFor();
    await leave(page);
});

test("a second step asks for the code of a letter", async () => {
    pb = await superuser();
    await pb.collections.update("_superusers", { otp: { enabled: true }, mfa: { enabled: true } });
    const page = await open("/login", { signedIn: false, expected: [/401/] });
    await page.getByLabel("Email").fill(EMAIL);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    const code = /\b\d{8}\b/.exec((await office.letter()).html)[0];
    await page.getByLabel("Code").fill(code);
    await accessible(page);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    await leave(page);
});
