// Who listens, and ending a stream.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EventSource } from "eventsource";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

let pb;
let listener;

before(async () => {
    globalThis.EventSource = EventSource;
    pb = await superuser();
    await pb.collections.create({ name: "posts", type: "base", listRule: "", fields: [{ name: "title", type: "text" }] });
    listener = await superuser();
    await listener.collection("posts").subscribe("*", () => {}, { filter: "title != 'x'" });
});
after(async () => {
    await listener.realtime.unsubscribe();
    await close();
});

test("a stream is shown with who it is, its topics and their filter, and can be ended", async () => {
    const page = await open("/clients");
    const card = page.getByRole("list", { name: "Clients" }).getByRole("listitem").filter({ hasText: "posts/*" }).first();
    await card.waitFor();
    assert.match(await card.innerText(), /root@example.com[\s\S]*live[\s\S]*filter title != 'x'/);
    await accessible(page);
    await shot(page, "clients");
    const lost = new Promise((resolve) => (listener.realtime.onDisconnect = resolve));
    await card.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("The stream is ended.").waitFor();
    await lost;
    await leave(page);
});
