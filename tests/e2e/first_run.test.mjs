// The link that the first start prints, in Chromium: it makes one superuser and is worth nothing after that.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const { SERVER, LINK } = process.env;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});
after(() => browser?.close());

async function open(url) {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(url);
  return { page, problems };
}

async function ask(page, email, password, again = password) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("The password again").fill(again);
  await page.getByRole("button", { name: "Create superuser" }).click();
}

async function status(identity, password) {
  const body = JSON.stringify({ identity, password });
  const headers = { "Content-Type": "application/json" };
  return (await fetch(`${SERVER}/api/collections/_superusers/auth-with-password`, { method: "POST", headers, body })).status;
}

test("without the link the page only says where things are", async () => {
  const { page, problems } = await open(`${SERVER}/_/`);
  await page.getByRole("heading", { name: "Where things are" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Create superuser" }).isVisible(), false);
  assert.deepEqual(problems, []);
});

test("the link makes the first superuser", async () => {
  const { page } = await open(LINK);
  await ask(page, "me@example.com", "a long password", "another password");
  await page.getByText(/passwordConfirm/).waitFor();
  await ask(page, "me@example.com", "a long password");
  await page.getByRole("heading", { name: "The superuser is made" }).waitFor();
  assert.equal(await status("me@example.com", "a long password"), 200);
});

test("it works only once", async () => {
  const { page } = await open(LINK);
  await ask(page, "thief@example.com", "a long password");
  await page.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
  assert.equal(await status("thief@example.com", "a long password"), 400);
});
