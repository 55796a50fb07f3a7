// A record's past, and its way back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, EMAIL, leave, open, shot, superuser } from "./browser.mjs";

let pb;
let post;

before(async () => {
    pb = await superuser();
    await pb.collections.create({
        name: "posts",
        type: "base",
        fields: [
            { name: "title", type: "text", presentable: true },
            { name: "slug", type: "text" },
        ],
        indexes: ["CREATE UNIQUE INDEX `idx_slug` ON `posts` (`slug`)"],
    });
    post = await pb.collection("posts").create({ title: "one", slug: "first" });
    await pb.collection("posts").update(post.id, { title: "two", slug: "second" });
});
after(close);

async function history(page) {
    await page.getByRole("dialog").getByRole("tab", { name: "History" }).click();
    return page.getByRole("list", { name: "History" });
}

test("a former state is looked at, then restored as a new change", async () => {
    const page = await open(`/collections?collection=posts&record=${post.id}`);
    const list = await history(page);
    const made = list.getByRole("listitem").filter({ hasText: "created" });
    assert.match(await made.innerText(), new RegExp(EMAIL));
    await accessible(page);
    await shot(page, "history");
    await made.getByRole("button", { name: "Restore this state" }).click();
    const asked = page.getByRole("dialog", { name: "Restore this state" });
    assert.deepEqual(await asked.getByRole("row").filter({ hasText: "title" }).getByRole("cell").allInnerTexts(), ["title", "two", "one"]);
    await accessible(page);
    await asked.getByRole("button", { name: "Restore", exact: true }).click();
    await page.getByText(/The record is as it was then/).waitFor();
    assert.equal((await pb.collection("posts").getOne(post.id)).title, "one");
    await list.getByRole("listitem").nth(2).waitFor();
    await leave(page);
});

test("a state that is not possible any more says why", async () => {
    await pb.collection("posts").update(post.id, { slug: "third" });
    await pb.collection("posts").create({ title: "thief", slug: "first" });
    const page = await open(`/collections?collection=posts&record=${post.id}`, { size: "phone", scheme: "dark" });
    const list = await history(page);
    await list.getByRole("listitem").filter({ hasText: "created" }).getByRole("button", { name: "Restore this state" }).click();
    const asked = page.getByRole("dialog", { name: "Restore this state" });
    assert.match(await asked.getByRole("alert").innerText(), /slug/);
    assert.equal(await asked.getByRole("button", { name: "Restore", exact: true }).isDisabled(), true);
    await accessible(page);
    await shot(page, "history-phone-dark");
    await leave(page);
});

test("a record that was deleted is brought back from the change log", async () => {
    const gone = await pb.collection("posts").create({ title: "gone", slug: "gone" });
    await pb.collection("posts").delete(gone.id);
    const page = await open("/changes?collection=posts&action=delete");
    await page.getByRole("list", { name: "Changes" }).getByRole("button").filter({ hasText: gone.id }).click();
    await page.getByRole("button", { name: "Restore the record" }).click();
    const asked = page.getByRole("dialog", { name: "Restore this state" });
    await asked.getByText("The record is made again, under its id.").waitFor();
    await asked.getByRole("button", { name: "Restore", exact: true }).click();
    await page.getByText(/The record is as it was then/).waitFor();
    assert.equal((await pb.collection("posts").getOne(gone.id)).title, "gone");
    await leave(page);
});
