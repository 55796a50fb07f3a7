// The change log as a person reads it: as it grows, one by one, and a record's way back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, EMAIL, leave, open, shot, superuser } from "./browser.mjs";

let pb;
let post;

before(async () => {
    pb = await superuser();
    await pb.collections.create({ name: "posts", type: "base", fields: [{ name: "title", type: "text", presentable: true }, { name: "n", type: "number" }] });
    post = await pb.collection("posts").create({ title: "one", n: 1 });
    await pb.collection("posts").update(post.id, { title: "two" });
});
after(close);

const row = (page, text) => page.getByRole("list", { name: "Changes" }).getByRole("listitem").filter({ hasText: text });

test("what is written appears at once, with who did it", async () => {
    const page = await open("/changes?collection=posts");
    await row(page, post.id).first().waitFor();
    const other = await pb.collection("posts").create({ title: "from elsewhere" });
    await row(page, other.id).filter({ hasText: "created" }).filter({ hasText: EMAIL }).waitFor();
    await accessible(page);
    await shot(page, "changes");
    await leave(page);
});

test("a change shows before and after", async () => {
    const page = await open("/changes?collection=posts&action=update", { size: "phone", scheme: "dark" });
    await row(page, post.id).getByRole("button").click();
    const title = page.getByRole("region", { name: "Differences" }).getByRole("row").filter({ hasText: "title" });
    assert.deepEqual(await title.getByRole("cell").allInnerTexts(), ["one", "two"]);
    await accessible(page);
    await shot(page, "change-phone-dark");
    await leave(page);
});

test("a paused list stands still, and goes on when it is told to", async () => {
    const page = await open("/changes?collection=posts");
    await row(page, post.id).first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const missed = await pb.collection("posts").create({ title: "missed" });
    await page.getByText("paused").waitFor();
    assert.equal(await row(page, missed.id).count(), 0);
    await page.getByRole("button", { name: "Follow" }).click();
    await row(page, missed.id).waitFor();
    await leave(page);
});

test("older changes come when they are asked for", async () => {
    await pb.collections.create({ name: "many", type: "base", fields: [{ name: "n", type: "number" }] });
    for (let n = 0; n < 65; n++) await pb.collection("many").create({ n });
    const page = await open("/changes?collection=many");
    await page.getByRole("button", { name: "Load older ones" }).click();
    await page.getByRole("button", { name: "Load older ones" }).waitFor({ state: "detached" });
    assert.equal(await page.getByRole("list", { name: "Changes" }).getByRole("listitem").count(), 65);
    await leave(page);
});
