import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";
import { collections, editor } from "./record.mjs";

let pb;
before(async () => {
    pb = await superuser();
    await collections(pb);
});
after(close);

test("a record is made with what was typed, and stays open to go on", async () => {
    const { page, dialog } = await editor("spots", null);
    await accessible(page);
    await shot(page, "record-new");
    await dialog.getByRole("textbox", { name: "title" }).fill("Old oak");
    await dialog.getByRole("spinbutton", { name: "stars" }).fill("4");
    await dialog.getByRole("switch", { name: "open" }).click();
    await dialog.getByRole("combobox", { name: "kind", exact: true }).click();
    await page.getByRole("option", { name: "view" }).click();
    await dialog.getByLabel("since", { exact: true }).fill("2024-05-06T07:08:09");
    await dialog.getByRole("button", { name: "sunny" }).click();
    await dialog.getByRole("button", { name: "quiet" }).click();
    await page.keyboard.press("Control+s");
    await dialog.getByRole("button", { name: "Save and continue" }).waitFor();
    const made = await pb.collection("spots").getFirstListItem('title = "Old oak"');
    assert.deepEqual([made.stars, made.open, made.kind, made.traits], [4, true, "view", ["sunny", "quiet"]]);
    assert.equal(new Date(made.since).getTime(), new Date("2024-05-06T07:08:09").getTime());
    assert.match(made.code, /^[A-Z]{4}-[0-9]{4}$/);
    await shot(page, "record-made");
    await leave(page);
});

test("a refused value is told at its field, which is brought into view", async () => {
    const { page, dialog } = await editor("spots", null, { expected: [/400/] });
    await dialog.getByRole("spinbutton", { name: "stars" }).fill("9");
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await dialog.getByText("Must be less or equal than 5").waitFor();
    assert.equal(await dialog.getByRole("textbox", { name: "title" }).getAttribute("aria-invalid"), "true");
    assert.ok(await dialog.getByText("Cannot be blank").isVisible());
    await accessible(page);
    await shot(page, "record-errors");
    await dialog.getByRole("textbox", { name: "title" }).fill("Spring");
    assert.equal(await dialog.getByText("Cannot be blank").count(), 0);
    await leave(page);
});

test("an update sends what was changed and nothing else", async () => {
    const made = await pb.collection("spots").create({ title: "Mill", stars: 2, facts: { a: 1 } });
    const { page, dialog } = await editor("spots", made.id);
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    await dialog.getByRole("spinbutton", { name: "stars" }).fill("3");
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    assert.deepEqual((await sent).postDataJSON(), { stars: 3 });
    await dialog.waitFor({ state: "hidden" });
    assert.equal((await pb.collection("spots").getOne(made.id)).stars, 3);
    await leave(page);
});

test("what was left unsaved can be restored after a reload", async () => {
    const made = await pb.collection("spots").create({ title: "Bridge" });
    const { page, dialog } = await editor("spots", made.id);
    await dialog.getByRole("textbox", { name: "title" }).fill("Stone bridge");
    await dialog.getByLabel("pin", { exact: true }).fill("hidden-words");
    page.on("dialog", (asked) => void asked.accept());
    await page.waitForFunction(() => Object.values(localStorage).some((value) => value.includes("Stone bridge")));
    assert.equal(await page.evaluate(() => Object.values(localStorage).some((value) => value.includes("hidden-words"))), false);
    await page.reload();
    await dialog.getByText("You left unsaved changes here.").waitFor();
    assert.equal(await dialog.getByRole("textbox", { name: "title" }).inputValue(), "Bridge");
    await dialog.getByRole("button", { name: "Restore" }).click();
    assert.equal(await dialog.getByRole("textbox", { name: "title" }).inputValue(), "Stone bridge");
    await dialog.getByText("Passwords and files that were chosen are not kept").waitFor();
    await page.keyboard.press("Control+s");
    await page.getByText("Saved.").waitFor();
    assert.equal((await pb.collection("spots").getOne(made.id)).title, "Stone bridge");
    await leave(page);
});

test("unsaved work is asked about before the editor closes", async () => {
    const made = await pb.collection("spots").create({ title: "Wall" });
    const { page, dialog } = await editor("spots", made.id, { size: "phone", scheme: "dark" });
    await accessible(page);
    await shot(page, "record-phone");
    await dialog.getByRole("textbox", { name: "title" }).fill("Town wall");
    await page.keyboard.press("Escape");
    const question = page.getByRole("dialog", { name: "Discard your changes?" });
    await question.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await dialog.getByRole("textbox", { name: "title" }).inputValue(), "Town wall");
    await page.keyboard.press("Escape");
    await question.getByRole("button", { name: "Discard changes" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.equal((await pb.collection("spots").getOne(made.id)).title, "Wall");
    await leave(page);
});

test("a change made elsewhere is merged field by field before it is overwritten", async () => {
    const made = await pb.collection("spots").create({ title: "Gate", stars: 1, contact: "one@example.com" });
    const { page, dialog } = await editor("spots", made.id, { expected: [/412/] });
    await dialog.getByRole("textbox", { name: "title" }).fill("My gate");
    await dialog.getByRole("spinbutton", { name: "stars" }).fill("5");
    await pb.collection("spots").update(made.id, { title: "Their gate", contact: "two@example.com" });
    await dialog.getByText("This record was changed elsewhere").waitFor();
    await page.keyboard.press("Control+s");
    const conflict = page.getByRole("dialog", { name: "Changed by somebody else" });
    await conflict.getByRole("group", { name: "title" }).getByRole("radio", { name: /Theirs/ }).check();
    await accessible(page);
    await shot(page, "record-conflict");
    await conflict.getByRole("button", { name: "Merge and save" }).click();
    await page.getByText("Saved.").waitFor();
    const now = await pb.collection("spots").getOne(made.id);
    assert.deepEqual([now.title, now.stars, now.contact], ["Their gate", 5, "two@example.com"]);
    await leave(page);
});

test("a change made elsewhere is taken in where nothing is unsaved", async () => {
    const made = await pb.collection("spots").create({ title: "Pond" });
    const page = await open("/settings");
    const listening = page.waitForResponse((response) => response.request().method() === "POST" && response.request().postData()?.includes(made.id));
    await page.evaluate((id) => (location.hash = `#/collections?collection=spots&record=${id}`), made.id);
    await listening;
    await pb.collection("spots").update(made.id, { title: "Lake" });
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "Lake");
    await leave(page);
});

test("a record is duplicated, and deleted when that is confirmed", async () => {
    const made = await pb.collection("spots").create({ title: "Tower", facts: { height: 30 } });
    const { page, dialog } = await editor("spots", made.id);
    await dialog.getByRole("button", { name: "More about this record" }).click();
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await dialog.getByRole("button", { name: "Create and continue" }).click();
    await page.getByText("The record is made.").waitFor();
    const both = await pb.collection("spots").getFullList({ filter: 'title = "Tower"' });
    assert.deepEqual(both.map(({ facts }) => facts), [{ height: 30 }, { height: 30 }]);
    await dialog.getByRole("button", { name: "More about this record" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete record" }).click();
    await page.getByText("The record is deleted.").waitFor();
    assert.deepEqual((await pb.collection("spots").getFullList({ filter: 'title = "Tower"' })).map(({ id }) => id), [made.id]);
    await leave(page);
});

test("where the controls are locked, a record is read until it is unlocked", async () => {
    const made = await pb.collection("spots").create({ title: "Cave" });
    await pb.settings.update({ meta: { ...(await pb.settings.getAll()).meta, hideControls: true } });
    const page = await open(`/collections?collection=spots&record=${made.id}`);
    const dialog = page.getByRole("dialog").first();
    await dialog.getByRole("button", { name: "Unlock to save" }).waitFor();
    assert.equal(await dialog.getByRole("textbox", { name: "title" }).isEditable(), false);
    await dialog.getByRole("button", { name: "Unlock to save" }).click();
    await dialog.getByRole("textbox", { name: "title" }).fill("Deep cave");
    await page.keyboard.press("Control+s");
    await page.getByText("Saved.").waitFor();
    assert.equal((await pb.collection("spots").getOne(made.id)).title, "Deep cave");
    await pb.settings.update({ meta: { ...(await pb.settings.getAll()).meta, hideControls: false } });
    await leave(page);
});
