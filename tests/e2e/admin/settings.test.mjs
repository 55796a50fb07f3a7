import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

after(close);

const card = (page, name) => page.getByRole("region", { name });
const save = (page) => page.getByRole("button", { name: "Save changes" }).click();
const saved = (page) => page.getByText("Settings saved.").last().waitFor();
const accent = (page) => page.evaluate(() => document.documentElement.style.getPropertyValue("--accent-base"));

test("the application's name and colour are saved with Ctrl+S, the colour is shown before", async () => {
    const page = await open("/settings");
    const pb = await superuser();
    await page.getByRole("textbox", { name: "Name" }).fill("Field reports");
    await page.getByLabel("Accent colour", { exact: true }).fill("#b8257a");
    assert.equal(await accent(page), "#b8257a");
    await page.getByText("Your address as the server sees it: 127.0.0.1").waitFor();
    await accessible(page);
    await shot(page, "application");
    await page.keyboard.press("Control+s");
    await saved(page);
    const { meta } = await pb.settings.getAll();
    assert.deepEqual([meta.appName, meta.accentColor], ["Field reports", "#b8257a"]);
    await page.waitForFunction(() => document.title.endsWith("Field reports"));
    await leave(page);
});

test("a colour that would be hard to read is adjusted, light and dark", async () => {
    for (const [scheme, colour] of [["light", "#00ff00"], ["dark", "#000080"]]) {
        const page = await open("/settings", { scheme, size: "phone" });
        await page.getByLabel("Accent colour", { exact: true }).fill(colour);
        assert.equal(await accent(page), colour);
        await page.getByRole("button", { name: "Settings", exact: true }).click();
        await page.getByRole("navigation", { name: "Settings" }).waitFor();
        await accessible(page);
        await shot(page, `application-phone-${scheme}`);
        await leave(page);
    }
});

test("what is not saved survives a reload, and is asked about before one leaves", async () => {
    const page = await open("/settings");
    await page.getByRole("textbox", { name: "Name" }).fill("Half done");
    await page.getByRole("link", { name: "Crons" }).click();
    await page.getByRole("dialog", { name: "Discard your changes?" }).waitFor();
    await page.keyboard.press("Escape");
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    await page.getByRole("button", { name: "Take them up again" }).click();
    assert.equal(await page.getByRole("textbox", { name: "Name" }).inputValue(), "Half done");
    await page.getByRole("button", { name: "Discard", exact: true }).click();
    assert.equal(await page.getByRole("textbox", { name: "Name" }).inputValue(), "Field reports");
    await leave(page);
});

test("a limit is added with a label that was completed, and then holds in every worker", async () => {
    const [page, pb] = [await open("/settings"), await superuser()];
    const limits = card(page, "Rate limits");
    await limits.getByRole("switch", { name: "Limit how often requests may come" }).click();
    await limits.getByRole("button", { name: "Add a limit" }).click();
    const rule = limits.getByRole("row", { name: "Limit 5" });
    assert.ok((await page.locator("#rate-labels option").evaluateAll((all) => all.map(({ value }) => value))).includes("users:list"));
    await rule.getByLabel("What").fill("users:list");
    await rule.getByLabel("Requests at most").fill("7");
    await rule.getByLabel("In seconds").fill("60");
    await rule.getByRole("combobox", { name: /^For whom/ }).click();
    await page.getByRole("option", { name: "Only guests" }).click();
    await save(page);
    await saved(page);
    const { rateLimits } = await pb.settings.getAll();
    assert.deepEqual(rateLimits.rules.at(-1), { label: "users:list", audience: "@guest", duration: 60, maxRequests: 7 });
    const asked = await Promise.all(Array.from({ length: 24 }, () => fetch(`${process.env.SERVER}/api/collections/users/records`, { headers: { connection: "close" } })));
    assert.equal(asked.filter(({ status }) => status === 429).length, 24 - 7);
    await pb.settings.update({ rateLimits: { enabled: false } });
    await leave(page);
});

test("each refusal of the server stands at its field", async () => {
    const page = await open("/settings", { expected: [/400/] });
    const limits = card(page, "Rate limits");
    await limits.getByRole("row", { name: "Limit 2" }).getByLabel("What").fill("not a label!");
    await page.getByRole("textbox", { name: "URL" }).fill("nowhere at all");
    await page.getByLabel("Allowed addresses").fill("127.0.0.1\n10.0.0.300");
    await save(page);
    await limits.getByRole("row", { name: "Limit 2" }).getByRole("alert").waitFor();
    await card(page, "Superusers").getByText("10.0.0.300: invalid IP or CIDR subnet").waitFor();
    assert.equal(await page.getByRole("textbox", { name: "URL" }).getAttribute("aria-invalid"), "true");
    await shot(page, "application-errors");
    await page.getByRole("button", { name: "Discard", exact: true }).click();
    assert.equal(await page.getByRole("alert").filter({ hasText: "invalid" }).count(), 0);
    await leave(page);
});

test("who would lock himself out is asked first", async () => {
    const page = await open("/settings");
    await page.getByLabel("Allowed addresses").fill("10.0.0.0/8");
    await save(page);
    await page.getByRole("dialog", { name: "Lock yourself out?" }).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Add 127.0.0.1" }).click();
    await save(page);
    await saved(page);
    assert.deepEqual((await (await superuser()).settings.getAll()).superuserIPs, ["10.0.0.0/8", "127.0.0.1"]);
    await leave(page);
});

test("the header of a proxy is found and can be trusted", async () => {
    const page = await open("/login", { signedIn: true });
    await page.context().setExtraHTTPHeaders({ "X-Forwarded-For": "127.0.0.1" });
    await page.goto(`${process.env.SERVER}/_/#/settings`);
    await page.getByRole("button", { name: "Trust X-Forwarded-For" }).click();
    await save(page);
    await saved(page);
    assert.deepEqual((await (await superuser()).settings.getAll()).trustedProxy.headers, ["X-Forwarded-For"]);
    await leave(page);
});

/** A mail server of a few words; `letters` are what it was given. */
function mailServer() {
    const letters = [];
    const server = createServer((socket) => {
        let [letter, inData] = ["", false];
        socket.setEncoding("utf8");
        socket.write("220 ready\r\n");
        socket.on("data", (text) => {
            if (inData) letter += text;
            if (inData && letter.endsWith("\r\n.\r\n")) {
                letters.push(letter);
                [letter, inData] = ["", false];
                socket.write("250 taken\r\n");
            } else if (!inData) {
                for (const line of text.split("\r\n").filter(Boolean)) {
                    inData = /^DATA/i.test(line);
                    socket.write(/^AUTH/i.test(line) ? "235 welcome\r\n" : /^EHLO/i.test(line) ? "250-here\r\n250 AUTH PLAIN LOGIN\r\n" : inData ? "354 go on\r\n" : "250 ok\r\n");
                }
            }
        });
        socket.on("error", () => {});
    });
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ port: server.address().port, letters, close: () => server.close() })));
}

test("a mail server is set with a password nobody is shown, and a test letter arrives", async () => {
    const { port, letters, close } = await mailServer();
    const page = await open("/settings/mail", { expected: [/400/] });
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Letters of ours");
    await page.getByRole("switch", { name: "Use a mail server (SMTP)" }).click();
    await page.getByRole("textbox", { name: "Host" }).fill("not a host!");
    await page.getByRole("spinbutton", { name: "Port" }).fill(String(port));
    await page.getByRole("textbox", { name: "User" }).fill("ann");
    await page.getByLabel("Password", { exact: true }).fill("hush-hush");
    await save(page);
    await page.getByText("Must be a valid IP address or DNS name.").waitFor();
    await page.getByRole("textbox", { name: "Host" }).fill("127.0.0.1");
    await save(page);
    await saved(page);
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");
    assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage))).includes("hush-hush"));
    await accessible(page);
    await shot(page, "mail");
    await page.getByRole("button", { name: "Send a test letter" }).click();
    const dialog = page.getByRole("dialog", { name: "Send a test letter" });
    await dialog.getByRole("combobox", { name: /^Letter/ }).click();
    await page.getByRole("option", { name: "Password reset" }).click();
    await dialog.getByLabel("To").fill("nobody");
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.getByText(/valid email/).waitFor();
    await shot(page, "mail-trial");
    await dialog.getByLabel("To").fill("reader@example.com");
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.match(letters.at(-1), /From: .*Letters of ours[\s\S]*reader@example\.com/);
    await (await superuser()).settings.update({ smtp: { enabled: false } });
    await leave(page);
    close();
});

test("what is set for S3 is kept, and the page says that it is not used", async () => {
    const page = await open("/settings/storage", { size: "phone", expected: [/400/] });
    await page.getByText("Not used by this server yet.").waitFor();
    await page.getByRole("switch", { name: "Files are in S3" }).click();
    await save(page);
    await page.getByRole("textbox", { name: "Bucket" }).and(page.locator("[aria-invalid=true]")).waitFor();
    for (const [name, value] of [["Endpoint", "https://s3.example.com"], ["Bucket", "files"], ["Region", "here"], ["Access key", "key"]]) await page.getByRole("textbox", { name }).fill(value);
    await save(page);
    await page.getByLabel("Secret", { exact: true }).fill("hush-hush");
    await save(page);
    await saved(page);
    await shot(page, "storage-phone");
    const { s3 } = await (await superuser()).settings.getAll();
    assert.deepEqual([s3.enabled, s3.bucket, s3.secret], [true, "files", undefined]);
    await leave(page);
});

test("jobs are told in words with their next run, and one is run now", async () => {
    const page = await open("/settings/crons", { scheme: "dark" });
    const job = page.getByRole("list", { name: "Jobs" }).getByRole("listitem").filter({ hasText: "__pbDBOptimize__" });
    await job.getByText("every day at 00:00").waitFor();
    await job.getByText(/^in \d+ (min|h)$/).waitFor();
    await accessible(page);
    await shot(page, "crons-dark");
    const [answer] = await Promise.all([page.waitForResponse(/crons\/__pbDBOptimize__/), job.getByRole("button").click()]);
    assert.equal(answer.status(), 204);
    await page.getByText("__pbDBOptimize__ has begun.").waitFor();
    await leave(page);
});

test("backups are told of as they are made today, without a button that does nothing", async () => {
    const page = await open("/settings/backups", { size: "phone", scheme: "dark" });
    await page.getByText("This server makes no backups by itself yet").waitFor();
    await accessible(page);
    await shot(page, "backups-phone-dark");
    assert.equal(await page.locator("main").getByRole("button").count(), 2);
    await leave(page);
});
