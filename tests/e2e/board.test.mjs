// The inspection app's pages in Chromium, as a foreman on a phone and the office on a desk would use them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium, devices } from "playwright-core";
import { FLAGS } from "./chromium.mjs";
import { photoPaths, server } from "./inspection.mjs";

let browser;
const problems = [];

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: FLAGS,
  });
});
after(() => browser?.close());

async function open(path, device = {}) {
  const page = await (await browser.newContext(device)).newPage();
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(server + path);
  return page;
}

async function signIn(page, name) {
  await page.getByLabel("Email").fill(`${name}@example.com`);
  await page.getByLabel("Password").fill(`${name}-password`);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function live(page) {
  await page.locator(".live.on").waitFor();
}

test("a report with two photos appears on the office's board without reload", async () => {
  const board = await open("/board.html");
  await signIn(board, "olga");
  await live(board);
  const phone = await open("/", devices["Pixel 7"]);
  await signIn(phone, "frank");
  await live(phone);
  await phone.getByLabel("Site").selectOption({ label: "Town hall" });
  await phone.getByLabel("What did you find?").fill("Broken window");
  await phone.getByLabel("Photos").setInputFiles(photoPaths);
  await phone.getByRole("button", { name: "Send report" }).click();

  const card = board.locator("li.report", { hasText: "Broken window" });
  await card.waitFor();
  assert.match(await card.textContent(), /Town hall · Frank/);
  assert.equal(await card.locator("img").count(), 2);
  await board.waitForFunction(() => [...document.querySelectorAll("li.report img")].every((i) => i.complete && i.naturalWidth === 160));
  await phone.locator("li.report", { hasText: "Broken window" }).waitFor();
});

test("what the office marks done is done on the foreman's phone", async () => {
  const [phone, board] = [await open("/", devices["Pixel 7"]), await open("/board.html")];
  await Promise.all([signIn(phone, "frank"), signIn(board, "olga")]);
  await Promise.all([live(phone), live(board)]);
  await board.locator("li.report", { hasText: "Broken window" }).getByRole("button", { name: "Mark done" }).click();
  await phone.locator("li.report.done", { hasText: "Broken window" }).waitFor();
});

test("a new foreman signs up and sees only his own", async () => {
  const phone = await open("/", devices["Pixel 7"]);
  await phone.getByLabel("Your name").fill("Ferdinand");
  await phone.getByLabel("Email").fill("ferdinand@example.com");
  await phone.getByLabel("Password").fill("ferdinand-password");
  await phone.getByRole("button", { name: "Sign up" }).click();
  await live(phone);
  assert.equal(await phone.locator("li.report").count(), 0);
});

test("a guest sees no report", async () => {
  const board = await open("/board.html");
  await board.getByRole("button", { name: "Sign in" }).waitFor();
  assert.equal(await board.locator("li.report").count(), 0);
});

test("a report made without a connection goes out when it is back", async () => {
  const phone = await open("/", devices["Pixel 7"]);
  await signIn(phone, "frank");
  await live(phone);
  await phone.context().setOffline(true);
  await phone.getByLabel("What did you find?").fill("Found in the tunnel");
  await phone.getByRole("button", { name: "Send report" }).click();
  await phone.getByText("1 waiting for a connection").waitFor();
  await phone.context().setOffline(false);
  await phone.locator("li.report", { hasText: "Found in the tunnel" }).waitFor();
});

test("a browser reads compressed messages of its WebSocket", async () => {
  const board = await open("/board.html");
  const heard = await board.evaluate(async () => {
    const ask = async (path, method, body, token = "") =>
      (await fetch(path, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json", Authorization: token } })).json();
    const { token, record } = await ask("/api/collections/users/auth-with-password", "POST", { identity: "olga@example.com", password: "olga-password" });
    const socket = new WebSocket(`ws://${location.host}/api/realtime/ws`);
    await new Promise((resolve) => (socket.onopen = resolve));
    return new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        const said = JSON.parse(data);
        if (said.id === 1) socket.send(JSON.stringify({ id: 2, type: "subscribe", topics: [`users/${record.id}`] }));
        if (said.id === 2) ask(`/api/collections/users/records/${record.id}`, "PATCH", { name: "Olga" }, token);
        if (said.type === "event") resolve({ extensions: socket.extensions, size: data.length, name: said.record.name });
      };
      socket.send(JSON.stringify({ id: 1, type: "signIn", token }));
    });
  });
  assert.match(heard.extensions, /permessage-deflate/);
  assert.ok(heard.size > 200);
  assert.equal(heard.name, "Olga");
});

test("a wrong password is told in words", async () => {
  const board = await open("/board.html");
  await board.getByLabel("Email").fill("olga@example.com");
  await board.getByLabel("Password").fill("nonsense-password");
  await board.getByRole("button", { name: "Sign in" }).click();
  await board.getByRole("alert").getByText("Failed to authenticate.").waitFor();
});

test("no page raised an error", () => assert.deepEqual(problems, []));
