// The rule tester and the board that says in plain words what is open.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

let pb;
let ann;
let post;

before(async () => {
    pb = await superuser();
    ann = await pb.collection("users").create({ email: "ann@example.com", password: "anns-password", passwordConfirm: "anns-password", name: "Ann" });
    await pb.collections.create({
        name: "posts",
        type: "base",
        fields: [
            { name: "title", type: "text", presentable: true },
            { name: "locked", type: "bool" },
            { name: "author", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1 },
        ],
        listRule: "",
        viewRule: "",
        createRule: "@request.body.title != ''",
        updateRule: "author = @request.auth.id && locked = false",
        deleteRule: "",
    });
    post = await pb.collection("posts").create({ title: "Hello", author: ann.id, locked: true });
});
after(close);

async function choose(page, label, option) {
    await page.getByRole("button", { name: label }).or(page.getByLabel(label)).first().click();
    await page.getByRole("option", { name: option }).click();
}

test("a refusal names the comparison that decided it, with what was compared", async () => {
    const page = await open(`/rules?collection=posts&ruleName=updateRule&record=${post.id}`);
    await choose(page, "Who asks", /An account of users/);
    await page.getByLabel("Account", { exact: true }).fill("ann");
    await page.getByRole("option", { name: /ann/i }).click();
    await page.getByRole("button", { name: "Ask" }).click();
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByRole("heading", { name: "Not allowed" }).waitFor();
    const decided = verdict.getByRole("listitem").filter({ has: page.getByText("locked = false", { exact: true }) }).last();
    assert.match(await decided.innerText(), /decided[\s\S]*locked is\s*true/);
    assert.equal(await verdict.getByText("decided", { exact: true }).count(), 1);
    await accessible(page);
    await shot(page, "rules-refused");
    await leave(page);
});

test("a rule of one's own is tried, and what cannot be understood is marked", async () => {
    const page = await open(`/rules?collection=posts&ruleName=viewRule&record=${post.id}`, { size: "phone", scheme: "dark" });
    await page.getByRole("button", { name: "Try another" }).click();
    const rule = page.getByRole("textbox", { name: "Rule", exact: true });
    await rule.fill("titel = 'Hello'");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText(/unknown field "titel"/).waitFor();
    assert.equal(await page.locator("mark").innerText(), "titel");
    await rule.fill("title = 'Hello'");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByRole("heading", { name: "Allowed", exact: true }).waitFor();
    await accessible(page);
    await shot(page, "rules-phone-dark");
    assert.equal((await pb.collection("posts").getOne(post.id)).title, "Hello");
    await leave(page);
});

test("the board says who may do what, and what is meant is put aside", async () => {
    const page = await open("/safety");
    const finding = page.getByRole("listitem").filter({ hasText: "Everyone may delete records of posts" });
    await finding.waitFor();
    await accessible(page);
    await shot(page, "safety");
    await finding.getByRole("button", { name: "This is meant" }).click();
    await finding.waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("button", { name: /1 marked as meant/ }).click();
    await finding.waitFor();
    await pb.collections.update("posts", { deleteRule: null });
    await page.reload();
    await page.getByRole("heading", { name: "Safety" }).waitFor();
    await page.getByRole("listitem").first().waitFor();
    assert.equal(await finding.count(), 0);
    await leave(page);
});
