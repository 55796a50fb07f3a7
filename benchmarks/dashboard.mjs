// The dashboard's list of records in a real Chromium: 100,000 records scrolled, searched and sorted, then changes arriving by the hundreds a second.
// Measured are the page's frames (the time from one to the next), and the processor time of its main thread's tasks, which does not grow with
// what else the machine does. The frames of a page with plain lines and no script stand beside them: what they lack, the machine lacks.
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const require = createRequire(new URL("../tests/e2e/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const { default: PocketBase } = await import(require.resolve("pocketbase").replace(/cjs\.js$/, "es.mjs"));

const { values: options } = parseArgs({
    options: {
        python: { type: "string", default: ".venv/bin/python" },
        chromium: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
        records: { type: "string", default: "100000" },
        rate: { type: "string", default: "500" },
        seconds: { type: "string", default: "20" },
    },
});
const RECORDS = Number(options.records);
const [EMAIL, PASSWORD] = ["root@example.com", "root-password"];
const STATES = ["open", "taken", "done", "dropped"];
const FIELDS = [
    { name: "title", type: "text", presentable: true },
    { name: "state", type: "select", values: STATES },
    { name: "count", type: "number" },
    { name: "urgent", type: "bool" },
    { name: "due", type: "date" },
    { name: "contact", type: "email" },
    { name: "extra", type: "json" },
    { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
];

function freePort() {
    return new Promise((resolve) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

/** A server on an empty directory, with a signed-in client. */
async function serve() {
    const directory = await mkdtemp(join(tmpdir(), "dashboard-"));
    const url = `http://127.0.0.1:${await freePort()}`;
    const [, , address] = url.split("/");
    spawnSync(options.python, ["-m", "pbtornado", "superuser", "upsert", EMAIL, PASSWORD, "--dir", directory]);
    const running = spawn(options.python, ["-m", "pbtornado", "serve", "--http", address, "--dir", directory, "--workers", "2"], { stdio: "ignore" });
    const pb = new PocketBase(url);
    pb.autoCancellation(false);
    while (!(await pb.health.check().catch(() => null))) await sleep(200);
    await pb.collection("_superusers").authWithPassword(EMAIL, PASSWORD);
    const stop = async () => {
        running.kill("SIGTERM");
        await new Promise((resolve) => running.once("exit", resolve));
        await rm(directory, { recursive: true });
    };
    return { url, pb, stop };
}

const sample = (number) => ({
    title: `Report ${number} of ${["north", "south", "harbour", "airport"][number % 4]}`,
    state: STATES[number % 7 % 4],
    count: (number * 7919) % 1000,
    urgent: number % 5 === 0,
    due: new Date(Date.UTC(2026, number % 12, (number % 28) + 1, 9)).toISOString().replace("T", " "),
    contact: `person${number % 500}@example.com`,
    extra: { number, tags: ["a", "b"] },
});

async function seed(pb) {
    await pb.collections.create({ name: "reports", type: "base", fields: FIELDS });
    await pb.settings.update({ batch: { enabled: true, maxRequests: 200 } });
    for (let start = 0; start < RECORDS; start += 20_000) {
        const lines = Array.from({ length: Math.min(20_000, RECORDS - start) }, (_, index) => JSON.stringify(sample(start + index)));
        await pb.send("/api/collections/reports/import", { method: "POST", body: lines.join("\n"), headers: { "Content-Type": "application/x-ndjson" } });
    }
}

/** A page of the dashboard that counts its frames. */
async function watched(browser, url, pb, place) {
    const context = await browser.newContext({ viewport: { width: 1360, height: 850 } });
    const kept = JSON.stringify({ token: pb.authStore.token, record: pb.authStore.record });
    await context.addInitScript((value) => localStorage.setItem("pbtornado_superuser", value), kept);
    await context.addInitScript(() => {
        window.frames_ = [];
        window.long_ = [];
        let before = 0;
        const frame = (now) => {
            if (before) window.frames_.push(now - before);
            before = now;
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
        new PerformanceObserver((found) => window.long_.push(...found.getEntries().map(({ duration }) => duration))).observe({ type: "long-animation-frame" });
    });
    const page = await context.newPage();
    await page.goto(`${url}/_/#${place}`);
    return page;
}

/** What a stretch of work costs: frames, and by a trace the processor time of each task of the page's main thread. */
async function measured(browser, page, name, work) {
    await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
    await page.evaluate(() => ([window.frames_, window.long_] = [[], []]));
    const start = performance.now();
    await work();
    const took = performance.now() - start;
    const { frames, long } = await page.evaluate(() => ({ frames: window.frames_, long: window.long_ }));
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    return { name, took, frames, long, tasks: mainTasks(traceEvents) };
}

/** Processor milliseconds of the tasks of the main thread that had most to do: the page's. */
function mainTasks(events) {
    const mains = events.filter((one) => one.name === "thread_name" && one.args.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`);
    const times = mains.map((main) => events.filter((one) => one.tdur > 0 && /RunTask/.test(one.name) && `${one.pid} ${one.tid}` === main).map((one) => one.tdur / 1000));
    return times.sort((a, b) => b.reduce((sum, one) => sum + one, 0) - a.reduce((sum, one) => sum + one, 0))[0] ?? [];
}

const percentile = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
const over = (values, limit) => values.filter((one) => one > limit).length;
const ms = (value) => value.toFixed(value < 10 ? 1 : 0);

function line({ name, took, frames, tasks }) {
    const cells = [name, frames.length, ms(percentile(frames, 0.5)), ms(percentile(frames, 0.99)), ms(Math.max(0, ...frames)), over(frames, 100), ms(Math.max(0, ...tasks)), over(tasks, 50), `${Math.round((100 * tasks.reduce((sum, one) => sum + one, 0)) / took)} %`];
    return `| ${cells.join(" | ")} |`;
}

async function wheel(page, seconds, step) {
    await page.mouse.move(800, 500);
    for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(25)) await page.mouse.wheel(0, step);
}

/** For comparison: 5,000 lines of text in a box that scrolls, and no script. */
function plainList() {
    const box = document.createElement("pre");
    box.textContent = Array.from({ length: 5000 }, (_, index) => `${index} `.repeat(20)).join("\n\n");
    Object.assign(box.style, { position: "fixed", inset: 0, overflow: "auto", background: "canvas" });
    document.body.append(box);
}

const grid = (page) => page.getByRole("grid");
const settled = (page) => page.waitForFunction(() => document.querySelectorAll("[role=row][data-id]").length > 10 && !document.querySelector(".waiting"));

/** Dragging the scroll bar: far jumps, one after the other, and what stands there must come. */
async function jump(page) {
    for (let step = 0; step < 40; step++) {
        await grid(page).evaluate((scroller, part) => (scroller.scrollTop = scroller.scrollHeight * part), (step * 0.377) % 1);
        await sleep(60);
        if (step % 4 === 3) await settled(page);
    }
}

async function search(page, text) {
    await page.getByRole("textbox", { name: "Search reports" }).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(text, { delay: 40 });
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => !document.querySelector("[role=grid][aria-busy=true]"));
    await sleep(600);
}

/** Changes at a rate, in batches of a twentieth of a second; most of them of the records in sight. */
async function change(pb, seconds, seen) {
    const size = Math.round(Number(options.rate) / 20);
    const batch = (number) => {
        const requests = pb.createBatch();
        const reports = requests.collection("reports");
        for (let index = 0; index < size; index++) {
            if (index % 5 === 0) reports.create(sample(number * size + index));
            else reports.update(seen[(number * size + index * 3) % seen.length], { count: (number * 31 + index) % 1000, state: STATES[(number + index) % 4] });
        }
        return requests.send().then(
            () => size,
            () => 0, // what was refused did not arrive
        );
    };
    const sent = [];
    const start = performance.now();
    for (let number = 0; number < seconds * 20; number++) {
        sent.push(batch(number));
        await sleep(Math.max(0, start + (number + 1) * 50 - performance.now()));
    }
    const done = await Promise.all(sent);
    return Math.round((done.reduce((sum, one) => sum + one, 0) / (performance.now() - start)) * 1000);
}

const { url, pb, stop } = await serve();
const browser = await chromium.launch({ executablePath: options.chromium, args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"] });
try {
    await seed(pb);
    const found = [];
    const plain = await watched(browser, url, pb, "/nowhere");
    await plain.evaluate(plainList);
    found.push(await measured(browser, plain, "plain lines, wheel, fast", () => wheel(plain, 6, 1500)));
    await plain.close();
    const page = await watched(browser, url, pb, "/collections?collection=reports");
    await settled(page);
    await page.getByRole("textbox", { name: "Search reports" }).waitFor();
    await sleep(1500);
    const measure = async (name, work) => found.push(await measured(browser, page, name, work));
    await measure("wheel, slow", () => wheel(page, 6, 120));
    await measure("wheel, fast", () => wheel(page, 6, 1500));
    await measure("scroll bar, 40 jumps", () => jump(page));
    await measure("search for words", () => search(page, "harbour"));
    await measure("search with a filter", () => search(page, "count > 990 && state = 'open'"));
    await measure("search, nothing found", () => search(page, "no such thing"));
    await search(page, " ");
    await measure("sort by two headers", async () => {
        for (const name of ["count", "title"]) {
            await page.getByRole("columnheader", { name }).getByRole("button").click();
            await sleep(1500);
        }
    });
    await page.goto(`${url}/_/#/collections?collection=reports`);
    await sleep(1500);
    await settled(page);
    const seen = await page.locator("[role=row][data-id]").evaluateAll((rows) => rows.map((row) => row.dataset.id));
    let rate = 0;
    const seconds = Number(options.seconds);
    await measure(`${options.rate} changes/s, looked at`, async () => (rate = await change(pb, seconds, seen)));
    await measure(`${options.rate} changes/s, scrolled`, () => Promise.all([change(pb, seconds, seen), wheel(page, seconds, 300)]));
    console.log(`${RECORDS.toLocaleString()} records; ${rate} changes arrived a second\n`);
    console.log("| | frames | p50 ms | p99 ms | longest ms | over 100 ms | longest task, CPU ms | over 50 ms | main thread busy |");
    console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (const one of found) console.log(line(one));
    await sleep(2500);
    const total = await pb.collection("reports").getList(1, 1);
    console.log(`\nshown at the end: ${await page.getByRole("status", { name: "Records found" }).innerText()}; stored: ${total.totalItems}`);
} finally {
    await browser.close();
    await stop();
}
