import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

before(async () => {
    const pb = await superuser();
    const shops = await pb.collections.create({ name: "shops", type: "base", fields: [{ name: "name", type: "text", required: true }], listRule: "", viewRule: "" });
    await pb.collections.create({
        name: "goods",
        type: "base",
        fields: [{ name: "shop", type: "relation", collectionId: shops.id, maxSelect: 1 }],
        listRule: "@request.auth.id != '' && shop.name != 'closed'",
    });
});
after(close);

const scale = async (page) => Number(/scale\(([\d.]+)\)/.exec(await page.locator("svg g[transform]").first().getAttribute("transform"))?.[1] ?? 1);

test("the diagram shows collections and relations, zooms by buttons and keys, and opens a collection", async () => {
    const page = await open("/overview");
    const goods = page.getByRole("button", { name: "Open collection goods" });
    await goods.waitFor();
    assert.equal(await page.locator("path.edge").count(), 1);
    await accessible(page);
    await shot(page, "overview");
    const before = await scale(page);
    await page.getByRole("button", { name: "Zoom in" }).click();
    const nearer = await scale(page);
    assert.ok(nearer > before);
    await page.getByRole("group", { name: /Diagram of the collections/ }).press("-");
    assert.ok((await scale(page)) < nearer);
    await page.getByRole("switch", { name: "System collections" }).click();
    await page.getByRole("button", { name: "Open collection _superusers" }).waitFor();
    await goods.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "goods" }).waitFor();
    await leave(page);
});

test("the same stands as a list, on a phone too", async () => {
    const page = await open("/overview?tab=list", { size: "phone", scheme: "dark" });
    const list = page.getByRole("list", { name: "Collections and their fields" });
    assert.match(await list.innerText(), /Relation to shops/);
    assert.match(await list.innerText(), /Named by goods\.shop/);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await accessible(page);
    await leave(page);
});

test("the rules of all collections are seen at once, and changed from there", async () => {
    const page = await open("/overview?tab=rules");
    const row = (name) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
    assert.match(await row("shops").innerText(), /Everyone\s+Everyone\s+Only superusers/);
    assert.match(await row("goods").innerText(), /shop\.name != 'closed'/);
    await accessible(page);
    await shot(page, "overview-rules");
    await page.getByRole("button", { name: "Change the rules of shops" }).click();
    await page.getByRole("dialog", { name: "shops" }).getByRole("group", { name: "List and search" }).getByText("Everyone on the internet can list").waitFor();
    await leave(page);
});
