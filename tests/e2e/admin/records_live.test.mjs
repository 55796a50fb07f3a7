import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

let pb;

before(async () => {
    pb = await superuser();
    await pb.collections.create({ name: "posts", type: "base", fields: [{ name: "title", type: "text" }, { name: "n", type: "number" }] });
    const lines = Array.from({ length: 300 }, (_, index) => JSON.stringify({ title: `Post ${index}`, n: index * 10 }));
    await pb.send("/api/collections/posts/import", { method: "POST", body: lines.join("\n"), headers: { "Content-Type": "application/x-ndjson" } });
});
after(close);

const grid = (page) => page.getByRole("grid");
const cell = (page, text) => grid(page).getByText(text, { exact: true });
const found = (page, text) => page.getByRole("status", { name: "Records found" }).filter({ hasText: text }).waitFor();
const live = (page) => page.getByRole("button", { name: "Live: pause" }).waitFor();
const post = (filter) => pb.collection("posts").getFirstListItem(filter);

async function titles(page) {
    const cells = await grid(page).locator("[data-place]").evaluateAll((rows) => rows.map((one) => [Number(one.dataset.place), one.querySelector('[data-field="title"]')?.textContent.trim()]));
    return cells.sort((a, b) => a[0] - b[0]).map(([, text]) => text);
}

test("what others make, change and delete is shown as it happens", async () => {
    const page = await open("/collections?collection=posts");
    await live(page);
    const made = await pb.collection("posts").create({ title: "Made elsewhere", n: 1 });
    await cell(page, "Made elsewhere").waitFor();
    assert.equal((await titles(page))[0], "Made elsewhere");
    await found(page, "301 records");
    await pb.collection("posts").update(made.id, { title: "Changed elsewhere" });
    await cell(page, "Changed elsewhere").waitFor();
    await accessible(page);
    await shot(page, "records-live");
    await pb.collection("posts").delete(made.id);
    await cell(page, "Changed elsewhere").waitFor({ state: "detached" });
    await found(page, "300 records");
    assert.equal((await titles(page))[0], "Post 299");
    await leave(page);
});

test("in a sorted list a record comes where it belongs, and moves when that changes", async () => {
    const page = await open("/collections?collection=posts&sort=n");
    await live(page);
    await cell(page, "Post 0").waitFor();
    const made = await pb.collection("posts").create({ title: "Between", n: 25 });
    await cell(page, "Between").waitFor();
    assert.deepEqual((await titles(page)).slice(0, 5), ["Post 0", "Post 1", "Post 2", "Between", "Post 3"]);
    await pb.collection("posts").update(made.id, { n: 5 });
    await grid(page).locator('[data-place="1"]').getByText("Between").waitFor();
    assert.deepEqual((await titles(page)).slice(0, 4), ["Post 0", "Between", "Post 1", "Post 2"]);
    await pb.collection("posts").delete(made.id);
    await cell(page, "Between").waitFor({ state: "detached" });
    await leave(page);
});

test("a record that no longer matches leaves, and one that does comes in", async () => {
    const page = await open(`/collections?collection=posts&filter=${encodeURIComponent("n >= 2950")}`);
    await live(page);
    await found(page, "5 records");
    const [inside, outside] = [await post("n = 2990"), await post("n = 0")];
    await pb.collection("posts").update(inside.id, { n: 3 });
    await cell(page, "Post 299").waitFor({ state: "detached" });
    await found(page, "4 records");
    await pb.collection("posts").update(outside.id, { n: 5000 });
    await cell(page, "Post 0").waitFor();
    await found(page, "5 records");
    await pb.collection("posts").update(inside.id, { n: 2990 });
    await cell(page, "Post 299").waitFor();
    await pb.collection("posts").update(outside.id, { n: 0 });
    await found(page, "5 records");
    await leave(page);
});

test("while one reads further down, nothing moves, and what is new is one click away", async () => {
    const page = await open("/collections?collection=posts");
    await live(page);
    await found(page, "300 records");
    await grid(page).evaluate((element) => (element.scrollTop = 40 * 150));
    await cell(page, "Post 149").waitFor();
    const place = () => cell(page, "Post 149").boundingBox().then(({ y }) => Math.round(y));
    const before = await place();
    const made = await Promise.all([1, 2, 3].map((n) => pb.collection("posts").create({ title: `New ${n}` })));
    await page.getByRole("button", { name: "3 new" }).click({ trial: true });
    assert.equal(await place(), before);
    await found(page, "303 records");
    await page.getByRole("button", { name: "3 new" }).click();
    await cell(page, "New 1").waitFor();
    await page.getByRole("button", { name: "3 new" }).waitFor({ state: "detached" });
    for (const { id } of made) await pb.collection("posts").delete(id);
    await found(page, "300 records");
    await leave(page);
});

test("a paused list stays as it is until it follows again", async () => {
    const page = await open("/collections?collection=posts");
    await live(page);
    await page.getByRole("button", { name: "Live: pause" }).click();
    const made = await pb.collection("posts").create({ title: "Unheard" });
    await page.waitForTimeout(400);
    assert.equal(await cell(page, "Unheard").count(), 0);
    await page.getByRole("button", { name: "Paused: follow changes again" }).click();
    await cell(page, "Unheard").waitFor();
    await pb.collection("posts").delete(made.id);
    await leave(page);
});

test("after a lost connection the list shows what happened meanwhile", async () => {
    const page = await open("/collections?collection=posts", { expected: [/ERR_INTERNET_DISCONNECTED/] });
    await page.addInitScript(() => {
        window.EventSource = class extends window.EventSource {
            constructor(address) {
                super(address);
                window.stream_ = this;
            }
        };
    });
    await page.reload();
    await live(page);
    await page.context().setOffline(true);
    await page.evaluate(() => window.stream_.dispatchEvent(new Event("error")));
    const made = await pb.collection("posts").create({ title: "Missed" });
    await page.getByRole("button", { name: "Connecting" }).waitFor();
    await page.context().setOffline(false);
    await live(page);
    await cell(page, "Missed").waitFor();
    await pb.collection("posts").delete(made.id);
    await leave(page);
});

test("hundreds of changes at once are all counted", async () => {
    const page = await open("/collections?collection=posts");
    await live(page);
    await found(page, "300 records");
    const made = await Promise.all(Array.from({ length: 200 }, (_, n) => pb.collection("posts").create({ title: `Burst ${n}` })));
    await found(page, "500 records");
    await Promise.all(made.map(({ id }) => pb.collection("posts").update(id, { title: "Changed" })));
    await cell(page, "Changed").first().waitFor();
    await pb.send("/api/collections/posts/records", { method: "DELETE", query: { filter: 'title = "Changed"' } });
    await found(page, "300 records");
    await cell(page, "Changed").first().waitFor({ state: "detached" });
    assert.equal((await titles(page))[0], "Post 299");
    await leave(page);
});
