import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, SERVER, shot, superuser } from "./browser.mjs";

const MANY = 230;
let pb;

/** Requests of a guest, which the logs know when this ends. */
async function ask(...paths) {
    await Promise.all(paths.map((path) => fetch(SERVER + path)));
    const wanted = `message = 'GET ${paths.at(-1)}'`;
    for (let tries = 0; tries < 50; tries++) {
        if ((await pb.logs.getList(1, 1, { filter: wanted })).totalItems) return;
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.fail(`the logs do not know of ${paths.at(-1)}`);
}

const lines = (page) => page.getByRole("list", { name: "Lines of the logs" }).getByRole("listitem");
const line = (page, text) => lines(page).filter({ hasText: text });
const chart = (page) => page.getByRole("region", { name: "Lines by the hour" });

before(async () => {
    pb = await superuser();
    await ask(...Array.from({ length: MANY }, (_, n) => `/api/health?n=${n}`), "/api/collections/nothing/records");
    await ask("/api/health?last");
});
after(close);

test("a line appears on top while one looks, and opens with all that is known of it", async () => {
    const page = await open("/logs?filter=data.url~'last'||data.url~'live'");
    await line(page, "/api/health?last").waitFor();
    await ask("/api/collections/live/records");
    await line(page, "/api/collections/live/records").waitFor();
    assert.match(await lines(page).first().textContent(), /404[\s\S]*GET \/api\/collections\/live\/records/);
    await line(page, "/api/collections/live/records").getByRole("link").press("Enter");
    const detail = page.getByRole("dialog", { name: "Line of the logs" });
    await detail.getByRole("row", { name: /userIP/ }).getByText("127.0.0.1").waitFor();
    await accessible(page);
    await shot(page, "log-detail");
    await detail.getByRole("button", { name: "Copy as JSON" }).click();
    assert.equal(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).data.status, 404);
    const older = await lines(page).nth(1).getByRole("checkbox", { includeHidden: true }).getAttribute("aria-label");
    await page.keyboard.press("j");
    await detail.getByText(older.replace("Choose ", "")).first().waitFor();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "hidden" });
    await leave(page);
});

test("a term, a filter, a level and superusers' requests choose the lines", async () => {
    await pb.settings.update({ meta: { appName: "Logged" } });
    await ask("/api/health?second");
    const page = await open("/logs", { expected: [/400/] });
    const search = page.getByRole("textbox", { name: "Search the logs" });
    await search.fill("health?second");
    await search.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("ul[aria-label='Lines of the logs'] li").length === 1);
    await search.fill("data.status >= 400 && data.url ~ 'nothing'");
    await search.press("Enter");
    await line(page, "404").first().waitFor();
    assert.equal(await lines(page).count(), 1);
    await search.fill("nope = 1");
    await search.press("Enter");
    await page.getByText("The filter cannot be understood.").waitFor();
    await page.getByRole("button", { name: "Clear the search" }).click();
    await page.getByRole("combobox", { name: /^Level/ }).click();
    await page.getByRole("option", { name: "Errors only" }).click();
    await page.waitForFunction(() => [...document.querySelectorAll("ul[aria-label='Lines of the logs'] li")].every((one) => one.textContent.includes("404")));
    await page.goto(`${SERVER}/_/#/logs`);
    await line(page, "/api/health?second").waitFor();
    assert.equal(await line(page, "PATCH /api/settings").count(), 0);
    await page.getByRole("switch", { name: "Superusers' requests too" }).click();
    await line(page, "PATCH /api/settings").waitFor();
    await leave(page);
});

test("a search is sent with Enter before its editor has come", async () => {
    const page = await open("/logs");
    await page.route("**/editor-*.js", () => {});
    await page.reload();
    await page.getByPlaceholder("Search, or a filter").fill("health?last");
    await page.getByPlaceholder("Search, or a filter").press("Enter");
    await page.getByText("These are all.").waitFor();
    assert.equal(await lines(page).count(), 1);
    await leave(page);
});

test("older lines are loaded below without a gap, and some are taken along as JSON", async () => {
    const page = await open("/logs?filter=data.url~'n='", { size: "phone", scheme: "dark" });
    for (const shown of [100, 200]) {
        await page.waitForFunction((count) => document.querySelectorAll("ul[aria-label='Lines of the logs'] li").length === count, shown);
        await page.getByRole("button", { name: "Load older" }).click();
    }
    await page.getByText("These are all.").waitFor();
    assert.equal(await lines(page).count(), MANY);
    await lines(page).nth(2).getByRole("checkbox").click();
    await lines(page).nth(6).getByRole("checkbox").click({ modifiers: ["Shift"] });
    await page.getByText("5 chosen").waitFor();
    await shot(page, "logs-phone-dark");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download JSON" }).click()]);
    assert.equal(download.suggestedFilename(), "logs.json");
    const kept = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.equal(kept.length, 5);
    assert.match(kept[0].message, /^GET \/api\/health\?n=/);
    await leave(page);
});

test("hours are chosen by dragging over the chart or from its table, and given up again", async () => {
    const page = await open("/logs");
    const canvas = chart(page).locator("canvas");
    await canvas.waitFor();
    await chart(page).getByText("As a table").waitFor();
    const { x, y, width, height } = await chart(page).locator(".u-over").boundingBox();
    await page.mouse.move(x + 20, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width - 5, y + height / 2, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=.*to=/);
    await shot(page, "logs-zoomed");
    await line(page, "/api/health").first().waitFor();
    await chart(page).getByRole("button", { name: "Show all hours" }).click();
    await page.waitForURL(/#\/logs$/);
    await chart(page).getByText("As a table").click();
    await shot(page, "logs");
    await chart(page).getByRole("row").nth(1).getByRole("button").press("Enter");
    await page.waitForURL(/from=.*to=/);
    await page.goto(`${SERVER}/_/#/logs?from=2020-01-01+00%3A00%3A00.000Z&to=2020-01-02+00%3A00%3A00.000Z`);
    await page.getByText("No lines").waitFor();
    await accessible(page);
    await leave(page);
});

test("what is kept is set, with a question where lines go", async () => {
    const page = await open("/logs?filter=data.url~'last'", { size: "phone", scheme: "dark" });
    await line(page, "last").waitFor();
    await accessible(page);
    await page.getByRole("button", { name: "Settings of the logs" }).click();
    const dialog = page.getByRole("dialog", { name: "Settings of the logs" });
    await dialog.getByLabel("Days to keep lines").fill("3");
    await dialog.getByRole("switch", { name: "Keep the id of the account that asked" }).click();
    await accessible(page);
    await shot(page, "log-settings");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Delete them and save" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual((await pb.settings.getAll()).logs, { maxDays: 3, minLevel: 0, logIP: true, logAuthId: true });
    await page.getByRole("button", { name: "Delete all logs" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete all logs" }).click();
    await page.getByText("All logs are deleted.").waitFor();
    assert.equal((await pb.logs.getList(1, 1, { filter: "data.url ~ 'n=1'" })).totalItems, 0);
    await leave(page);
});
