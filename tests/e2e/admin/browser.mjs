// Real Chromium on a real server, for the tests of the dashboard. Anything the page should not do fails the test:
// an error in its console, a script that throws, a request to another host, a breach of its security policy.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import PocketBase from "pocketbase";
import { FLAGS } from "../chromium.mjs";

export const SERVER = process.env.SERVER;
export const EMAIL = process.env.EMAIL;
export const PASSWORD = process.env.PASSWORD;
export const SIZES = { desktop: { width: 1360, height: 850 }, phone: { width: 390, height: 844 } };

let running;

/** The one browser of this file of tests; ended by `close`. */
async function browser() {
    running ??= await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
    return running;
}

export async function close() {
    await running?.close();
}

/** The API as the superuser, for preparing and looking past the page. */
export async function superuser() {
    const pb = new PocketBase(SERVER);
    pb.autoCancellation(false);
    await pb.collection("_superusers").authWithPassword(EMAIL, PASSWORD);
    return pb;
}

/**
 * A page of its own session. `size` is a name of SIZES, `scheme` light or dark, `signedIn` false starts as a stranger.
 * `expected` are patterns of console errors that the test causes (a refused request is one in Chromium's console).
 */
export async function open(place = "/collections", { size = "desktop", scheme = "light", signedIn = true, expected = [] } = {}) {
    const context = await (await browser()).newContext({ viewport: SIZES[size], colorScheme: scheme, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"] });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(String(error)));
    page.on("console", (message) => {
        if (message.type() === "error" && !expected.some((one) => one.test(message.text()))) page.faults.push(message.text());
    });
    page.on("request", (request) => {
        if (!request.url().startsWith(SERVER) && !/^(data|blob):/.test(request.url())) page.faults.push(`a request to ${request.url()}`);
    });
    if (signedIn) {
        const pb = await superuser();
        const kept = JSON.stringify({ token: pb.authStore.token, record: pb.authStore.record });
        await context.addInitScript((value) => localStorage.getItem("pbtornado_superuser") ?? localStorage.setItem("pbtornado_superuser", value), kept);
    }
    await page.goto(`${SERVER}/_/#${place}`);
    return page;
}

/** Waits for a text like this in an editor, or in the plain text area that stands there until it has come. */
export async function reads(textbox, pattern) {
    let text = "";
    for (let tries = 0; tries < 150 && !pattern.test(text); tries++) {
        if (tries) await new Promise((resolve) => setTimeout(resolve, 100));
        text = await textbox.evaluate((element) => element.value ?? element.innerText);
    }
    assert.match(text, pattern);
}

/** Ends the page's session; it must have been without a fault. */
export async function leave(page) {
    await page.context().close();
    assert.deepEqual(page.faults, []);
}

/** No accessibility problem of weight, in what is shown now. */
export async function accessible(page) {
    // There are no frames, for which axe would open a page of its own; and nobody reads what is in order.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] }).analyze();
    const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 4).map(({ html, failureSummary }) => `${html.slice(0, 160)} — ${failureSummary?.split("\n")[1]?.trim()}`).join("\n  ")}`);
    assert.deepEqual(told, [], told.join("\n"));
}

/** Keeps a picture where SHOTS names a directory. */
export async function shot(page, name) {
    if (!process.env.SHOTS) return;
    await mkdir(process.env.SHOTS, { recursive: true });
    await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}
