import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

const COUNT = 1200;
const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64");
const number = (index) => String(index).padStart(4, "0");
let pb;

before(async () => {
    pb = await superuser();
    const sites = await pb.collections.create({ name: "sites", type: "base", fields: [{ name: "code", type: "text" }, { name: "called", type: "text", presentable: true }] });
    const site = await pb.collection("sites").create({ code: "h1", called: "Harbour" });
    const several = { maxSelect: 3 };
    await pb.collections.create({
        name: "things",
        type: "base",
        fields: [
            { name: "title", type: "text" },
            { name: "n", type: "number" },
            { name: "yes", type: "bool" },
            { name: "day", type: "date" },
            { name: "kind", type: "select", values: ["red", "blue"], maxSelect: 2 },
            { name: "site", type: "relation", collectionId: sites.id },
            { name: "photo", type: "file", ...several },
            { name: "secret", type: "file", protected: true },
            { name: "data", type: "json" },
            { name: "body", type: "editor" },
            { name: "at", type: "geoPoint" },
        ],
    });
    const whole = { title: "Whole", n: 12.5, yes: true, day: "2026-01-02 10:00:00.000Z", kind: ["red", "blue"], site: site.id, data: { a: [1] }, body: "<p>Hello <b>world</b></p>", at: { lon: 7.5, lat: 47 } };
    await pb.collection("things").create({ ...whole, photo: new File([PIXEL], "dot.png", { type: "image/png" }), secret: new File([PIXEL], "hush.png", { type: "image/png" }) });
    await pb.collections.create({ name: "rows", type: "base", fields: [{ name: "title", type: "text" }, { name: "n", type: "number" }] });
    const lines = Array.from({ length: COUNT }, (_, index) => JSON.stringify({ title: `Row ${number(index)}`, n: (index * 7) % COUNT }));
    await pb.send("/api/collections/rows/import", { method: "POST", body: lines.join("\n"), headers: { "Content-Type": "application/x-ndjson" } });
    await pb.collections.create({ name: "fresh", type: "base", fields: [{ name: "title", type: "text" }] });
});
after(close);

const grid = (page) => page.getByRole("grid");
const row = (page, text) => grid(page).getByRole("row", { name: text });
const found = (page, text) => page.getByRole("status", { name: "Records found" }).filter({ hasText: text }).waitFor();
const scrollTo = (page, part) => grid(page).evaluate((element, to) => (element.scrollTop = element.scrollHeight * to), part);

/** What stands in a column, from top to bottom, of the rows in sight. */
async function column(page, name) {
    const cells = await grid(page).locator("[data-place]").evaluateAll((rows, field) => rows.map((one) => [Number(one.dataset.place), one.querySelector(`[data-field="${field}"]`)?.textContent.trim()]), name);
    return cells.sort((a, b) => a[0] - b[0]).map(([, text]) => text);
}

test("a value is shown as its type wants it", async () => {
    const page = await open("/collections?collection=things");
    const cell = (name) => row(page, "Whole").locator(`[data-field="${name}"]`);
    await cell("site").getByText("Harbour").waitFor();
    assert.equal(await cell("n").innerText(), "12.5");
    assert.deepEqual((await cell("kind").innerText()).split(/\s+/), ["red", "blue"]);
    assert.equal(await cell("body").innerText(), "Hello world");
    assert.equal(await cell("data").innerText(), '{"a":[1]}');
    assert.equal(await cell("at").innerText(), "7.5, 47");
    assert.match(await cell("day").innerText(), /2026/);
    await cell("yes").getByRole("img", { name: "true" }).waitFor();
    for (const name of ["photo", "secret"]) {
        const picture = cell(name).getByRole("img");
        await page.waitForFunction((image) => image.naturalWidth > 0, await picture.elementHandle());
    }
    await accessible(page);
    await shot(page, "records-types");
    await leave(page);
});

test("a long list shows the right rows wherever it is scrolled to", async () => {
    const page = await open("/collections?collection=rows");
    await found(page, "1,200 records");
    await row(page, `Row ${number(COUNT - 1)}`).waitFor();
    assert.equal((await column(page, "title"))[0], `Row ${number(COUNT - 1)}`);
    await scrollTo(page, 0.5);
    await row(page, `Row ${number(COUNT / 2 - 1)}`).waitFor();
    const middle = await column(page, "title");
    assert.deepEqual(middle, [...middle].sort().reverse());
    await scrollTo(page, 1);
    await row(page, "Row 0000").waitFor();
    assert.equal((await column(page, "title")).at(-1), "Row 0000");
    await shot(page, "records-end");
    await leave(page);
});

test("a list that is come back to is where it was left", async () => {
    const page = await open("/collections?collection=rows");
    await found(page, "1,200 records");
    await scrollTo(page, 0.5);
    await row(page, `Row ${number(COUNT / 2 - 1)}`).waitFor();
    await page.getByRole("link", { name: "things" }).click();
    await row(page, "Whole").waitFor();
    await page.goBack();
    await row(page, `Row ${number(COUNT / 2 - 1)}`).waitFor();
    await leave(page);
});

test("a header sorts up, down and not at all, and the sort is kept in the place", async () => {
    const page = await open("/collections?collection=rows");
    const header = page.getByRole("columnheader", { name: "title" });
    await header.getByRole("button").click();
    await row(page, "Row 0000").waitFor();
    assert.equal(await header.getAttribute("aria-sort"), "ascending");
    await header.getByRole("button").click();
    await row(page, "Row 1199").waitFor();
    await page.waitForURL(/sort=-title/);
    await page.reload();
    await row(page, "Row 1199").waitFor();
    assert.equal(await header.getAttribute("aria-sort"), "descending");
    await header.getByRole("button").click();
    await page.waitForURL((url) => !url.hash.includes("sort="));
    await leave(page);
});

test("words are looked for in all texts, and what was looked for can be had again", async () => {
    const page = await open("/collections?collection=rows");
    const bar = page.getByRole("textbox", { name: "Search rows" });
    await bar.fill("row 077");
    await bar.press("Enter");
    await found(page, "10 records");
    assert.equal((await column(page, "title")).length, 10);
    await page.getByRole("button", { name: "Clear the search" }).click();
    await found(page, "1,200 records");
    await page.getByRole("button", { name: "Recent searches" }).click();
    await page.getByRole("menuitem", { name: "row 077" }).click();
    await found(page, "10 records");
    await page.reload();
    await found(page, "10 records");
    await leave(page);
});

test("a filter finds, and a wrong one is told below the bar", async () => {
    const page = await open("/collections?collection=rows", { expected: [/400/] });
    const bar = page.getByRole("textbox", { name: "Search rows" });
    await bar.fill('n < 5 && title ~ "Row"');
    await bar.press("Enter");
    await found(page, "5 records");
    await bar.fill("nosuch = 1");
    await bar.press("Enter");
    await page.getByRole("alert").filter({ hasText: /This filter is not understood/ }).waitFor();
    await accessible(page);
    await shot(page, "records-wrong-filter");
    await bar.fill("no such words");
    await bar.press("Enter");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await page.getByRole("main").getByText("Clear the search").last().click();
    await found(page, "1,200 records");
    await leave(page);
});

test("columns that are hidden stay hidden in that collection only", async () => {
    const page = await open("/collections?collection=rows");
    await row(page, "Row 1199").waitFor();
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("checkbox", { name: /^n / }).click();
    await accessible(page);
    await page.keyboard.press("Escape");
    await page.reload();
    await row(page, "Row 1199").waitFor();
    assert.deepEqual(await page.getByRole("columnheader").allInnerTexts().then((all) => all.map((one) => one.trim()).filter(Boolean)), ["id", "title"]);
    await page.goto(page.url().replace("collection=rows", "collection=things"));
    await page.getByRole("columnheader", { name: "n", exact: true }).waitFor();
    await leave(page);
});

test("the list works by keys alone", async () => {
    const page = await open("/collections?collection=rows&sort=title");
    await row(page, "Row 0000").waitFor();
    await grid(page).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(" ");
    await page.getByText("1 record selected").waitFor();
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+ArrowDown");
    await page.getByText("3 records selected").waitFor();
    assert.equal(await row(page, "Row 0003").getAttribute("aria-selected"), "true");
    await page.keyboard.press("Escape");
    await page.getByText("3 records selected").waitFor({ state: "detached" });
    await page.keyboard.press("End");
    await row(page, "Row 1199").waitFor();
    await page.keyboard.press("Home");
    await row(page, "Row 0000").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    const { id } = await pb.collection("rows").getFirstListItem('title = "Row 0001"');
    assert.match(page.url(), new RegExp(`record=${id}`));
    await leave(page);
});

test("a click opens a record, and going back closes it", async () => {
    const page = await open("/collections?collection=things");
    await row(page, "Whole").locator('[data-field="title"]').click();
    await page.getByRole("dialog").waitFor();
    await page.goBack();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await leave(page);
});

test("a range is chosen with shift, and is deleted whole", async () => {
    const page = await open("/collections?collection=rows&sort=-title");
    await row(page, "Row 1198").getByRole("checkbox").click();
    await row(page, "Row 1195").getByRole("checkbox").click({ modifiers: ["Shift"] });
    await page.getByText("4 records selected").waitFor();
    await accessible(page);
    await shot(page, "records-chosen");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete 4 records" }).click();
    await page.getByText("4 records deleted.").waitFor();
    await found(page, "1,196 records");
    const left = await pb.collection("rows").getList(1, 3, { sort: "-title" });
    assert.deepEqual(left.items.map(({ title }) => title), ["Row 1199", "Row 1194", "Row 1193"]);
    assert.equal(left.totalItems, 1196);
    await leave(page);
});

test("a range may reach over rows that nobody has seen", async () => {
    const page = await open("/collections?collection=rows&sort=title");
    await row(page, "Row 0002").getByRole("checkbox").click();
    await scrollTo(page, 0.5);
    await row(page, "Row 0598").getByRole("checkbox").click({ modifiers: ["Shift"] });
    await page.getByText("597 records selected").waitFor();
    await leave(page);
});

test("all that match can be chosen at once, copied and deleted", async () => {
    const page = await open(`/collections?collection=rows&filter=${encodeURIComponent("title ~ 'Row 01'")}`);
    await found(page, "100 records");
    await page.getByRole("checkbox", { name: "Select all records that match" }).click();
    await page.getByText("100 records selected").waitFor();
    await row(page, "Row 0199").getByRole("checkbox").click();
    await page.getByText("99 records selected").waitFor();
    await page.getByRole("button", { name: "Copy as JSON" }).click();
    await page.getByText("99 records copied.").waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    assert.equal(copied.length, 99);
    assert.ok(copied.every(({ title }) => title.startsWith("Row 01") && title !== "Row 0199"));
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete 99 records" }).click();
    await found(page, "1 record");
    assert.equal((await pb.collection("rows").getList(1, 1, { filter: "title ~ 'Row 01'" })).totalItems, 1);
    await leave(page);
});

test("who has just arrived is told the first steps", async () => {
    const page = await open("/collections?collection=fresh&welcome=1", { size: "phone", scheme: "dark" });
    await page.getByRole("region", { name: "First steps" }).waitFor();
    await page.getByRole("button", { name: "Create the first record" }).waitFor();
    await accessible(page);
    await shot(page, "records-welcome-phone");
    await page.getByRole("button", { name: "Close the first steps" }).click();
    await page.waitForURL((url) => !url.hash.includes("welcome"));
    await page.getByRole("button", { name: "Create the first record" }).click();
    await page.getByRole("dialog").waitFor();
    await leave(page);
});

test("on a phone only the table moves sideways", async () => {
    const page = await open("/collections?collection=things", { size: "phone", scheme: "dark" });
    await row(page, "Whole").waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    assert.ok(await grid(page).evaluate((element) => element.scrollWidth > element.clientWidth));
    await accessible(page);
    await shot(page, "records-phone");
    await leave(page);
});

test("where controls are locked nothing is made or deleted", async () => {
    await pb.settings.update({ meta: { hideControls: true } });
    const page = await open("/collections?collection=rows");
    await row(page, "Row 1199").getByRole("checkbox").click();
    await page.getByText("1 record selected").waitFor();
    assert.equal(await page.getByRole("button", { name: "Delete" }).count(), 0);
    assert.equal(await page.getByRole("button", { name: "New record" }).count(), 0);
    await leave(page);
    await pb.settings.update({ meta: { hideControls: false } });
});
