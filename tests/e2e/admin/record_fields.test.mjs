import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, reads, shot, superuser } from "./browser.mjs";
import { collections, editor, PNG } from "./record.mjs";

let pb;
let towns;
before(async () => {
    pb = await superuser();
    await collections(pb);
    towns = await Promise.all(["Aldeburgh", "Bury", "Chester"].map((name) => pb.collection("towns").create({ name })));
});
after(close);

const saved = async (page) => {
    await page.keyboard.press("Control+s");
    await page.getByText(/^(Saved|The record is made)\.$/).waitFor();
};
/** The code editor of a field, once it is there, with the focus in it. */
async function enter(dialog, name) {
    await dialog.locator("label").filter({ hasText: new RegExp(`^${name}`) }).scrollIntoViewIfNeeded();
    await dialog.locator(`.cm-content[aria-label="${name}"], .ProseMirror`).and(dialog.getByRole("textbox", { name })).click();
}
/** Pastes a text where the focus is. */
async function paste(page, text) {
    await page.evaluate((given) => navigator.clipboard.writeText(given), text);
    await page.keyboard.press("Control+v");
}
const image = (name) => ({ name, mimeType: "image/png", buffer: PNG });

test("every type of field is stored as it was given", async () => {
    const { page, dialog } = await editor("spots", null);
    await dialog.getByRole("textbox", { name: "title" }).fill("12345");
    await dialog.getByRole("textbox", { name: "code" }).fill("ABCD-0001");
    await enter(dialog, "story");
    await page.keyboard.type("Quiet and ");
    await dialog.getByRole("button", { name: "Bold" }).click();
    await page.keyboard.type("green");
    await dialog.getByRole("spinbutton", { name: "stars" }).fill("3");
    await dialog.getByRole("switch", { name: "open" }).click();
    await dialog.getByLabel("contact", { exact: true }).fill("keeper@example.com");
    await dialog.getByLabel("page", { exact: true }).fill("https://example.com/spot");
    await dialog.getByLabel("since", { exact: true }).fill("2021-12-31T23:59:58");
    await dialog.getByRole("combobox", { name: "kind", exact: true }).click();
    await page.getByRole("option", { name: "well" }).click();
    await dialog.getByRole("button", { name: "steep" }).click();
    await dialog.getByRole("button", { name: "quiet" }).click();
    await enter(dialog, "facts");
    await paste(page, '{"depth": 12, "dry": false, "big": 12345678901234567890}');
    await dialog.getByLabel("Latitude").fill("52.15");
    await dialog.getByLabel("Longitude").fill("1.6");
    await dialog.getByLabel("pin", { exact: true }).fill("4711");
    await shot(page, "record-filled");
    await saved(page);
    const made = await pb.collection("spots").getFirstListItem('code = "ABCD-0001"');
    assert.deepEqual(
        [made.title, made.story, made.stars, made.open, made.contact, made.page, made.kind, made.traits, made.place],
        ["12345", "<p>Quiet and <strong>green</strong></p>", 3, true, "keeper@example.com", "https://example.com/spot", "well", ["steep", "quiet"], { lon: 1.6, lat: 52.15 }],
    );
    assert.equal(made.since, new Date("2021-12-31T23:59:58").toISOString().replace("T", " "));
    assert.deepEqual([made.facts.depth, made.facts.dry], [12, false]);
    await leave(page);
});

test("every type of field can be emptied", async () => {
    const made = await pb.collection("spots").create({ title: "Full", story: "<p>x</p>", stars: 2, open: true, contact: "a@example.com", page: "https://example.com", since: "2020-01-01 00:00:00.000Z", kind: "bench", traits: ["quiet"], near: [towns[0].id], town: towns[1].id, facts: [1], place: { lon: 1, lat: 2 } });
    const { page, dialog } = await editor("spots", made.id);
    for (const name of ["contact", "page"]) await dialog.getByLabel(name, { exact: true }).fill("");
    await dialog.getByRole("spinbutton", { name: "stars" }).fill("");
    await dialog.getByRole("switch", { name: "open" }).click();
    for (const name of ["since", "kind", "place"]) await dialog.getByRole("button", { name: `Clear ${name}` }).click();
    await dialog.getByRole("button", { name: "quiet" }).click();
    for (const name of ["Aldeburgh", "Bury"]) await dialog.getByRole("button", { name: `Remove ${name}` }).click();
    for (const name of ["story", "facts"]) {
        await enter(dialog, name);
        await page.keyboard.press("Control+a");
        await page.keyboard.press("Backspace");
    }
    await saved(page);
    const now = await pb.collection("spots").getOne(made.id);
    assert.deepEqual(
        [now.story, now.stars, now.open, now.contact, now.page, now.since, now.kind, now.traits, now.near, now.town, now.facts, now.place],
        ["", 0, false, "", "", "", "", [], [], "", null, { lon: 0, lat: 0 }],
    );
    await leave(page);
});

test("files are uploaded, put in order with the keyboard, and taken away", async () => {
    const made = await pb.collection("spots").create({ title: "Pictures", photos: [new File([PNG], "old.png", { type: "image/png" })] });
    const { page, dialog } = await editor("spots", made.id);
    const photos = dialog.getByRole("group", { name: "photos" });
    await photos.locator("input[type=file]").setInputFiles([image("first.png"), { name: "second.txt", mimeType: "text/plain", buffer: Buffer.from("text") }]);
    const place = photos.getByRole("button", { name: /^Move second.txt/ });
    await place.focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.waitForFunction(() => document.activeElement?.ariaLabel?.includes("1 of 3"));
    await accessible(page);
    await photos.scrollIntoViewIfNeeded();
    await shot(page, "record-files");
    await saved(page);
    const now = await pb.collection("spots").getOne(made.id);
    assert.deepEqual(now.photos.map((name) => name.replace(/_.*(?=\.)/, "")), ["second.txt", "old.png", "first.png"]);
    await photos.getByRole("button", { name: `Remove ${now.photos[1]}` }).click();
    await photos.getByRole("button", { name: `Remove ${now.photos[0]}` }).click();
    await photos.getByRole("button", { name: `Restore ${now.photos[1]}` }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual((await pb.collection("spots").getOne(made.id)).photos, [now.photos[2], now.photos[1]]);
    await leave(page);
});

test("files are put in order by dragging", async () => {
    const made = await pb.collection("spots").create({ title: "Dragged", photos: ["alpha", "beta", "gamma"].map((name) => new File([PNG], `${name}.png`, { type: "image/png" })) });
    const { page, dialog } = await editor("spots", made.id);
    const handle = dialog.getByRole("button", { name: /^Move gamma_/ });
    await handle.scrollIntoViewIfNeeded();
    const [from, to] = [await handle.boundingBox(), await dialog.getByRole("button", { name: /^Move alpha_/ }).boundingBox()];
    await page.mouse.move(from.x + 10, from.y + 10);
    await page.mouse.down();
    for (const part of [0.3, 0.6, 1, 1.1]) {
        await page.mouse.move(from.x + 10, from.y + 10 + (to.y - from.y) * part, { steps: 4 });
        await page.waitForTimeout(150);
    }
    await page.mouse.up();
    await dialog.getByRole("button", { name: /^Move gamma_.*1 of 3/ }).waitFor();
    await saved(page);
    assert.deepEqual((await pb.collection("spots").getOne(made.id)).photos, [made.photos[2], made.photos[0], made.photos[1]]);
    await leave(page);
});

test("a file that is too large or of a wrong type is refused before it is sent", async () => {
    const { page, dialog } = await editor("spots", null);
    const photos = dialog.getByRole("group", { name: "photos" });
    await photos.locator("input[type=file]").setInputFiles({ name: "large.png", mimeType: "image/png", buffer: Buffer.alloc(300_000) });
    await dialog.getByText("large.png has 293 KB, more than the 195 KB a file may have.").waitFor();
    await photos.locator("input[type=file]").setInputFiles({ name: "film.mp4", mimeType: "video/mp4", buffer: PNG });
    await dialog.getByText("film.mp4 is of the type video/mp4, which is not accepted.").waitFor();
    await leave(page);
});

test("how far an upload is is told, and it can be cancelled", async () => {
    const { page, dialog } = await editor("spots", null, { expected: [/Failed to load|ERR_FAILED/] });
    await dialog.getByRole("textbox", { name: "title" }).fill("Large");
    await dialog.getByRole("group", { name: "secret_plan" }).locator("input[type=file]").setInputFiles({ name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(4_000_000) });
    const network = await page.context().newCDPSession(page);
    await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 1_000_000 });
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await dialog.getByText(/^[1-9]\d? % sent$/).waitFor();
    await shot(page, "record-upload");
    await dialog.getByRole("button", { name: "Cancel upload" }).click();
    await dialog.getByText("The request was cancelled.").waitFor();
    await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.match((await pb.collection("spots").getFirstListItem('title = "Large"')).secret_plan, /^large_\w+\.bin$/);
    await leave(page);
});

test("a protected file is opened with a token", async () => {
    const made = await pb.collection("spots").create({ title: "Plans", secret_plan: new File(["the plan"], "plan.txt") });
    const { page, dialog } = await editor("spots", made.id);
    const link = dialog.getByRole("link", { name: made.secret_plan, exact: true });
    await link.waitFor();
    const answer = await page.request.get(await link.getAttribute("href"));
    assert.deepEqual([answer.status(), await answer.text()], [200, "the plan"]);
    await leave(page);
});

test("related records are found, chosen, put in order, and made on the spot", async () => {
    const { page, dialog } = await editor("spots", null);
    await dialog.getByRole("textbox", { name: "title" }).fill("Related");
    await dialog.getByRole("group", { name: "near" }).getByRole("button", { name: "Choose records" }).click();
    const picker = page.getByRole("dialog", { name: "Choose from towns" });
    await picker.getByRole("option", { name: "Aldeburgh" }).click();
    await picker.getByRole("searchbox").fill("chest");
    await picker.getByRole("option", { name: "Bury" }).waitFor({ state: "hidden" });
    await picker.getByRole("option", { name: "Chester" }).click();
    await accessible(page);
    await shot(page, "record-picker");
    await picker.getByRole("button", { name: "New record" }).click();
    const inner = page.getByRole("dialog", { name: "New towns record" });
    await inner.getByRole("textbox", { name: "name" }).fill("Dover");
    await page.keyboard.press("Control+s");
    await page.getByText("The record is made.").waitFor();
    await page.keyboard.press("Escape");
    await picker.getByText("3 chosen").waitFor();
    await picker.getByRole("button", { name: "Set" }).click();
    const near = dialog.getByRole("group", { name: "near" });
    await near.getByRole("button", { name: /^Move Dover/ }).focus();
    await page.keyboard.press("ArrowUp");
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    const made = await pb.collection("spots").getFirstListItem('title = "Related"', { expand: "near" });
    assert.deepEqual(made.expand.near.map(({ name }) => name), ["Aldeburgh", "Dover", "Chester"]);
    await leave(page);
});

test("a related record is changed without leaving the record", async () => {
    const bury = towns[1];
    const made = await pb.collection("spots").create({ title: "Way", town: bury.id });
    const { page, dialog } = await editor("spots", made.id);
    await dialog.getByRole("button", { name: "Open Bury" }).click();
    const inner = page.getByRole("dialog", { name: "Bury" });
    await inner.getByRole("spinbutton", { name: "inhabitants" }).fill("41000");
    await inner.getByRole("button", { name: "Save", exact: true }).click();
    await inner.waitFor({ state: "hidden" });
    assert.equal((await pb.collection("towns").getOne(bury.id)).inhabitants, 41000);
    assert.ok(await dialog.getByRole("textbox", { name: "title" }).isVisible());
    await leave(page);
});

test("formatted text gets links, images of other records in a chosen size, and can be written as HTML", async () => {
    const source = await pb.collection("spots").create({ title: "Gallery", photos: [new File([PNG], "view.png", { type: "image/png" })] });
    const made = await pb.collection("spots").create({ title: "Text", story: "<p>See</p>" });
    const { page, dialog } = await editor("spots", made.id);
    await enter(dialog, "story");
    await page.keyboard.press("Control+End");
    await dialog.getByRole("button", { name: "Image" }).click();
    const picker = page.getByRole("dialog", { name: "Choose an image" });
    await picker.getByRole("radio", { name: source.photos[0] }).click();
    await picker.getByRole("combobox", { name: /^Size/ }).click();
    await page.getByRole("option", { name: "200x100" }).click();
    await accessible(page);
    await shot(page, "record-images");
    await picker.getByRole("button", { name: "Insert" }).click();
    await dialog.getByRole("button", { name: "HTML" }).click();
    await reads(dialog.getByRole("textbox", { name: "story as HTML" }), /thumb=200x100/);
    await saved(page);
    const { story } = await pb.collection("spots").getOne(made.id);
    assert.match(story, new RegExp(`<p>See</p><img src="[^"]*/api/files/[^/]+/${source.id}/${source.photos[0]}\\?thumb=200x100" alt="Gallery">`));
    await leave(page);
});

test("markup that the visual editor does not know is shown as HTML, and stays", async () => {
    const story = '<table class="x"><tbody><tr><td>1</td></tr></tbody></table>';
    const made = await pb.collection("spots").create({ title: "Table", story });
    const { page, dialog } = await editor("spots", made.id);
    await dialog.getByText("markup that the visual editor would drop").waitFor();
    await dialog.getByRole("textbox", { name: "title" }).fill("Table two");
    await saved(page);
    assert.equal((await pb.collection("spots").getOne(made.id)).story, story);
    await leave(page);
});

test("a place is set by a click on the map, and moved with the keyboard", async () => {
    const made = await pb.collection("spots").create({ title: "Mapped" });
    const { page, dialog } = await editor("spots", made.id, { scheme: "dark" });
    await page.context().grantPermissions(["geolocation"]);
    await dialog.getByRole("button", { name: "Show the map" }).click();
    const map = dialog.getByRole("application");
    await dialog.getByText("Click to set the place.").waitFor();
    const box = await map.boundingBox();
    await map.click({ position: { x: box.width / 2, y: box.height / 2 } });
    const first = Number(await dialog.getByLabel("Longitude").inputValue());
    assert.ok(Math.abs(first) < 1, `${first}`);
    await map.focus();
    await page.keyboard.press("ArrowRight");
    assert.ok(Number(await dialog.getByLabel("Longitude").inputValue()) > first + 1);
    await page.context().setGeolocation({ latitude: 48.2, longitude: 16.37 });
    await dialog.getByRole("button", { name: "Use my location" }).click();
    await dialog.getByText("Austria").waitFor();
    await accessible(page);
    await map.scrollIntoViewIfNeeded();
    await shot(page, "record-map");
    await saved(page);
    assert.deepEqual((await pb.collection("spots").getOne(made.id)).place, { lon: 16.37, lat: 48.2 });
    await leave(page);
});

test("what is no JSON is told at its field and not sent", async () => {
    const made = await pb.collection("spots").create({ title: "Facts", facts: { a: 1 } });
    const { page, dialog } = await editor("spots", made.id);
    await enter(dialog, "facts");
    await page.keyboard.press("Control+a");
    await paste(page, '{"a": ');
    await page.keyboard.press("Control+s");
    await dialog.getByText("This is no JSON").waitFor();
    await page.keyboard.press("Control+a");
    await paste(page, '{"b":[1,2]}');
    await dialog.getByRole("button", { name: "Format" }).click();
    await saved(page);
    assert.deepEqual((await pb.collection("spots").getOne(made.id)).facts, { b: [1, 2] });
    await leave(page);
});

test("a text that is made by a pattern can be made anew", async () => {
    const made = await pb.collection("spots").create({ title: "Coded" });
    const { page, dialog } = await editor("spots", made.id);
    await dialog.getByRole("button", { name: "Make a new code" }).click();
    await saved(page);
    const now = await pb.collection("spots").getOne(made.id);
    assert.match(now.code, /^[A-Z]{4}-[0-9]{4}$/);
    assert.notEqual(now.code, made.code);
    assert.equal(await dialog.getByRole("textbox", { name: "code" }).inputValue(), now.code);
    await leave(page);
});

test("a record of a view is read, and kept as JSON", async () => {
    const made = await pb.collection("spots").create({ title: "Seen", stars: 2, near: [towns[0].id] });
    await pb.collections.create({ name: "seen", type: "view", viewQuery: 'select id, title, near, photos from spots where title = "Seen"' });
    const page = await open(`/collections?collection=seen&record=${made.id}`, { size: "phone" });
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Aldeburgh" }).waitFor();
    await accessible(page);
    await shot(page, "record-preview");
    await dialog.getByRole("button", { name: "Copy as JSON" }).click();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    assert.deepEqual([copied.title, copied.near], ["Seen", [towns[0].id]]);
    await leave(page);
});
