// Files of records in and out, and the examples of the API, which work as they are copied.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, SERVER, shot, superuser } from "./browser.mjs";

let pb;

before(async () => {
    pb = await superuser();
    await pb.collections.create({
        name: "towns",
        type: "base",
        fields: [
            { name: "name", type: "text", required: true },
            { name: "people", type: "number" },
            { name: "created", type: "autodate", onCreate: true },
        ],
        listRule: "",
        createRule: "",
    });
});
after(close);

const csv = (text) => ({ name: "towns.csv", mimeType: "text/csv", buffer: Buffer.from(text) });

async function dialog(page, item) {
    await page.getByRole("button", { name: /More/ }).click();
    await page.getByRole("menuitem", { name: item }).click();
    return page.getByRole("dialog");
}

test("a CSV file is tried first, then read; its columns go where they are sent", async () => {
    const page = await open("/collections?collection=towns");
    const shown = await dialog(page, /Import/);
    await shown.locator("input[type=file]").setInputFiles(csv("Name;Einwohner\nUlm;126000\nBonn;330000\n"));
    await shown.getByRole("combobox", { name: "Field for Einwohner" }).click();
    await page.getByRole("option", { name: "people" }).click();
    await accessible(page);
    await shot(page, "import");
    await shown.getByRole("button", { name: "Try it, store nothing" }).click();
    await shown.getByText(/All 2 rows are right/).waitFor();
    assert.equal((await pb.collection("towns").getList(1, 1)).totalItems, 0);
    await shown.getByRole("button", { name: "Import", exact: true }).click();
    await shown.getByText(/All rows are stored: 2 new/).waitFor();
    const towns = await pb.collection("towns").getFullList({ sort: "name" });
    assert.deepEqual(towns.map(({ name, people }) => [name, people]), [["Bonn", 330000], ["Ulm", 126000]]);
    await leave(page);
});

test("wrong rows are told with their lines, and nothing of them is stored", async () => {
    const page = await open("/collections?collection=towns", { size: "phone", scheme: "dark" });
    const shown = await dialog(page, /Import/);
    await shown.locator("input[type=file]").setInputFiles(csv("name,people\nJena,many\n,5\n"));
    await shown.getByRole("button", { name: "Import", exact: true }).click();
    const wrong = shown.getByRole("region", { name: "Wrong rows" });
    assert.match(await wrong.innerText(), /2\s+people[\s\S]*3\s+name/);
    await accessible(page);
    await shot(page, "import-wrong-phone-dark");
    assert.equal((await pb.collection("towns").getList(1, 1, { filter: "name = 'Jena'" })).totalItems, 0);
    await leave(page);
});

test("an export has what the list's filter finds", async () => {
    const page = await open("/collections?collection=towns&filter=people > 200000");
    const shown = await dialog(page, /Export/);
    await shown.getByText("people > 200000").waitFor();
    await accessible(page);
    const [download] = await Promise.all([page.waitForEvent("download"), shown.getByRole("button", { name: "Export" }).click()]);
    assert.equal(download.suggestedFilename(), "towns.csv");
    const lines = (await readFile(await download.path(), "utf8")).trim().split(/\r?\n/);
    assert.equal(lines.length, 2);
    assert.match(lines[1], /Bonn,330000/);
    await leave(page);
});

async function example(page, operation, language) {
    const shown = page.getByRole("dialog");
    await shown.getByRole("button", { name: operation, exact: true }).click();
    await shown.getByRole("tab", { name: language }).click();
    await shown.getByRole("button", { name: "Copy" }).click();
    return page.evaluate(() => navigator.clipboard.readText());
}

test("examples in JavaScript and curl do what they say", async () => {
    const page = await open("/collections?collection=towns");
    await page.getByRole("button", { name: "API" }).click();
    await accessible(page);
    const create = await example(page, "Create", "JavaScript");
    assert.match(create, new RegExp(`new PocketBase\\("${SERVER}"\\)`));
    execFileSync("node", ["--input-type=module", "-e", create], { cwd: import.meta.dirname });
    assert.equal((await pb.collection("towns").getList(1, 1, { filter: "name = 'text' && people = 12.5" })).totalItems, 1);
    await shot(page, "api-preview");
    const curl = await example(page, "List and search", "curl");
    const listed = JSON.parse(execFileSync("sh", ["-c", curl], { stdio: ["ignore", "pipe", "ignore"] }));
    assert.equal(listed.perPage, 50);
    await leave(page);
});
