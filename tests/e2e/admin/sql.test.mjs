import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, reads, shot, superuser } from "./browser.mjs";

let pb;
const MANY = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1500) SELECT x, 'a, \"b\"' AS text, NULL AS empty FROM n";

before(async () => {
    pb = await superuser();
    await pb.collections.create({ name: "notes", type: "base", fields: [{ name: "title", type: "text" }] });
    for (const title of ["one", "two"]) await pb.collection("notes").create({ title });
});
after(close);

const editor = (page) => page.getByRole("textbox", { name: "SQL" });
const status = (page) => page.getByRole("region", { name: "Result" }).getByRole("status");

/** Types a text and runs it by the keyboard. */
async function run(page, text) {
    await editor(page).press("Control+a");
    await page.keyboard.press("Delete");
    await page.keyboard.insertText(text);
    await page.keyboard.press("Control+Enter");
}

test("tables and columns are completed, and what is run is answered in a grid", async () => {
    const page = await open("/settings/sql");
    await page.locator(".cm-content").waitFor();
    await editor(page).pressSequentially("SELECT title FROM not");
    await page.getByRole("option", { name: "notes" }).click();
    await page.keyboard.press("Control+Enter");
    await page.getByRole("table", { name: "Rows" }).getByRole("row").filter({ hasText: "two" }).waitFor();
    assert.match(await status(page).innerText(), /^2 rows, \d+ ms$/);
    await accessible(page);
    await shot(page, "sql");
    await page.reload();
    await reads(editor(page), /SELECT title FROM notes/);
    await leave(page);
});

test("who writes on while the editor comes writes on at the same place", async () => {
    const page = await open("/settings/sql");
    let come;
    const held = new Promise((resolve) => (come = resolve));
    await page.route("**/editor-*.js", (route) => held.then(() => route.continue()));
    await page.reload();
    await editor(page).fill("SELECT 4");
    await editor(page).press("End");
    come();
    await page.locator(".cm-content").waitFor();
    await page.keyboard.insertText("2 AS answer");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("table", { name: "Rows" }).getByText("42").waitFor();
    await leave(page);
});

test("a thousand rows scroll, open one by one and are kept as CSV", async () => {
    const page = await open("/settings/sql", { size: "phone", scheme: "dark" });
    await run(page, MANY);
    await page.getByText(/^The first 1,000 rows/).waitFor();
    const table = page.getByRole("table", { name: "Rows" });
    assert.ok((await table.getByRole("row").count()) < 60);
    await table.evaluate((view) => (view.scrollTop = view.scrollHeight));
    await table.getByRole("button", { name: "Row 1000", exact: true }).click();
    await page.getByRole("dialog", { name: "Row 1000" }).getByText('a, "b"').waitFor();
    await accessible(page);
    await shot(page, "sql-row-phone-dark");
    await page.keyboard.press("Escape");
    await shot(page, "sql-phone-dark");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
    assert.deepEqual([lines[0], lines[1], lines.length], ["x,text,empty", '1,"a, ""b""",', 1002]);
    await leave(page);
});

test("nothing is written until writing is allowed, by the server's own word", async () => {
    const page = await open("/settings/sql", { expected: [/400/] });
    await run(page, "UPDATE notes SET title = 'changed'");
    await page.getByText("This would change something. Allow writing to run it.").waitFor();
    assert.equal((await pb.collection("notes").getFullList({ filter: "title = 'changed'" })).length, 0);
    await run(page, "SELECT nonsense FROM notes");
    await page.getByText(/no such column: nonsense/).waitFor();
    await page.getByRole("switch", { name: "Allow writing" }).click();
    await page.getByText("What this changes is in no history").waitFor();
    await accessible(page);
    await shot(page, "sql-writing");
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("menuitem", { name: "UPDATE notes SET title = 'changed'" }).click();
    await page.getByRole("button", { name: "Run and write" }).click();
    await page.getByText(/^2 rows affected/).waitFor();
    assert.equal((await pb.collection("notes").getFullList({ filter: "title = 'changed'" })).length, 2);
    await page.reload();
    assert.equal(await page.getByRole("switch", { name: "Allow writing" }).getAttribute("aria-checked"), "false");
    await leave(page);
});

test("what takes too long is cancelled, and the console is free again", async () => {
    const page = await open("/settings/sql");
    for (let round = 0; round < 3; round++) {
        await run(page, "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n");
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.getByText("Cancelled.").waitFor();
        await run(page, "SELECT 42 AS answer");
        await page.getByRole("table", { name: "Rows" }).getByText("42").waitFor();
    }
    await leave(page);
});
