import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

let pb;
const NOTES = {
    name: "notes",
    type: "base",
    listRule: null,
    fields: [
        { name: "title", type: "text" },
        { name: "labels", type: "select", values: ["a", "b", "c"], maxSelect: 3 },
    ],
};

before(async () => {
    pb = await superuser();
    await pb.collections.create(NOTES);
    for (const title of ["one", "two", "three"]) await pb.collection("notes").create({ title, labels: ["a", "b"] });
});
after(close);

const editor = (page) => page.getByRole("textbox", { name: "Collections as JSON" });
const changes = (page) => page.getByRole("region", { name: "What would change" });
const card = (page, name) => changes(page).getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
const exported = async () => {
    const { created, updated, ...notes } = await pb.collections.getOne("notes");
    return notes;
};

/** Gives the page a file of collections. */
async function give(page, file) {
    await editor(page).waitFor();
    await page.getByLabel("File to import").setInputFiles({ name: "schema.json", mimeType: "application/json", buffer: Buffer.from(typeof file === "string" ? file : JSON.stringify(file)) });
}

async function review(page) {
    await page.getByRole("button", { name: "Review and import" }).click();
    return page.getByRole("dialog", { name: "Import these collections?" });
}

test("chosen collections are copied and kept as JSON, without times", async () => {
    const page = await open("/settings/export-collections");
    const group = page.getByRole("group", { name: "Collections" });
    await group.getByRole("checkbox", { name: /^All / }).click();
    await group.getByRole("checkbox", { name: /^notes/ }).click();
    await accessible(page);
    await shot(page, "export-collections");
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByText("1 collection copied.").waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    assert.deepEqual(copied, [await exported()]);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download JSON" }).click()]);
    assert.deepEqual(JSON.parse(await readFile(await download.path(), "utf8")), copied);
    await leave(page);
});

test("what an import changes is told before, and done after a review", async () => {
    const page = await open("/settings/import-collections");
    const notes = await exported();
    notes.listRule = "";
    notes.fields.splice(2, 0, { name: "body", type: "editor" });
    await give(page, [notes, { name: "tags", type: "base", fields: [{ name: "word", type: "text" }] }]);
    await card(page, "notes").getByRole("row", { name: /^listRule/ }).getByText("only superusers").waitFor();
    await card(page, "notes").getByRole("row", { name: /^Field body/ }).waitFor();
    await card(page, "tags").getByText("New").waitFor();
    await card(page, "notes").getByText("Before and after").click();
    await page.getByRole("textbox", { name: "After the import" }).waitFor();
    await accessible(page);
    await shot(page, "import-collections");
    const dialog = await review(page);
    await dialog.getByText("1 new, 1 changed, 0 deleted.").waitFor();
    await dialog.getByRole("button", { name: "Import" }).click();
    await page.getByText("The collections are imported.").waitFor();
    const { listRule, fields } = await pb.collections.getOne("notes");
    assert.equal(listRule, "");
    assert.ok(fields.some(({ name }) => name === "body"));
    assert.equal((await pb.collections.getOne("tags")).fields.at(-1).name, "word");
    assert.equal((await pb.collection("notes").getFullList())[0].labels.length, 2);
    assert.equal(await editor(page).innerText().then((text) => text.includes("notes")), false);
    await leave(page);
});

test("collections and fields of the same names get the ids they have here, so that nothing is lost", async () => {
    const page = await open("/settings/import-collections", { size: "phone" });
    const before = await exported();
    const foreign = { ...before, id: "pbc_elsewhere0", fields: before.fields.map((field) => (field.system ? field : { ...field, id: `other${field.name}` })) };
    await give(page, [foreign]);
    await page.getByText(/Of the same name but with other ids here: notes/).waitFor();
    await page.getByRole("button", { name: "Use the ids of this server" }).click();
    await page.getByText("Nothing would change: all of it is here already.").waitFor();
    await accessible(page);
    await shot(page, "import-ids-phone");
    await leave(page);
});

test("what is lost is named with its records, and has to be typed", async () => {
    const page = await open("/settings/import-collections", { size: "phone", scheme: "dark" });
    const notes = await exported();
    const users = await pb.collections.getOne("users");
    notes.fields = notes.fields.filter(({ name }) => name !== "title").map((field) => (field.name === "labels" ? { ...field, maxSelect: 1 } : field));
    await give(page, [notes, users]);
    await page.getByRole("switch", { name: "Delete what is not in the file" }).click();
    await card(page, "notes").getByText("Field title is deleted, and what all records store in it.").waitFor();
    await card(page, "notes").getByText("Field labels holds one value instead of several").waitFor();
    await card(page, "tags").getByText("The collection is deleted with all its records").waitFor();
    const dialog = await review(page);
    await dialog.getByText("notes (3 records)").first().waitFor();
    await accessible(page);
    await shot(page, "import-losses-phone-dark");
    const go = dialog.getByRole("button", { name: "Import" });
    assert.ok(await go.isDisabled());
    await dialog.getByLabel("Type delete to go on").fill("delete");
    await go.click();
    await page.getByText("The collections are imported.").waitFor();
    assert.deepEqual((await pb.collections.getFullList()).filter(({ system }) => !system).map(({ name }) => name).sort(), ["notes", "users"]);
    assert.equal((await pb.collection("notes").getFullList())[0].labels, "b");
    await leave(page);
});

test("a text that is none is refused in words, and so is what the server does not take", async () => {
    const page = await open("/settings/import-collections", { expected: [/400/] });
    await give(page, "[{]");
    await page.getByText(/This is no JSON/).waitFor();
    await give(page, '{"name": "a"}');
    await page.getByText("A list of collections is wanted").waitFor();
    await give(page, [{ name: "bad", type: "base", fields: [{ name: "x", type: "nothing" }] }]);
    const dialog = await review(page);
    await dialog.getByRole("button", { name: "Import" }).click();
    await dialog.getByRole("alert").waitFor();
    await shot(page, "import-refused");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Clear" }).click();
    await leave(page);
});
