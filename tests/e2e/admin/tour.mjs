// Every screen, as a person sees it first: it shows its heading, fits its window, is accessible, and does nothing it should not.
// DATA says which directory the server has: `empty` or `parity`.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, close, leave, open, shot, superuser } from "./browser.mjs";

after(close);

const SCREENS = {
    "/collections": /.+/,
    "/overview": /Overview/,
    "/safety": /Safety/,
    "/rules": /Rule tester/,
    "/changes": /Changes/,
    "/clients": /Who listens/,
    "/logs": /Logs/,
    "/settings": /Application/,
    "/settings/mail": /Mail/,
    "/settings/storage": /storage/i,
    "/settings/backups": /Backups/,
    "/settings/crons": /Crons/,
    "/settings/export-collections": /Export/,
    "/settings/import-collections": /Import/,
    "/settings/sql": /SQL/,
};
const LOOKS = [
    { size: "desktop", scheme: "light" },
    { size: "phone", scheme: "dark" },
    ...(process.env.SHOTS ? [{ size: "desktop", scheme: "dark" }, { size: "phone", scheme: "light" }] : []),
];

async function look(page, place, heading) {
    await page.evaluate((to) => (location.hash = to), place);
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await page.waitForFunction(() => !document.querySelector(".spinner"));
    const { needed, there } = await page.evaluate(() => ({ needed: document.documentElement.scrollWidth, there: innerWidth }));
    assert.ok(needed <= there, `${place} is ${needed} wide in a window of ${there}`);
    await accessible(page);
}

for (const { size, scheme } of LOOKS)
    test(`every screen at ${size} size in ${scheme}`, async () => {
        const page = await open("/collections", { size, scheme });
        for (const [place, heading] of Object.entries(SCREENS)) {
            await look(page, place, heading);
            await shot(page, `${process.env.DATA}-${size}-${scheme}${place.replaceAll("/", "-")}`);
        }
        await leave(page);
    });

test("the records of every collection", async () => {
    const pb = await superuser();
    const page = await open("/collections", { size: "desktop", scheme: "dark" });
    for (const { name } of await pb.collections.getFullList()) await look(page, `/collections?collection=${name}`, new RegExp(name));
    await leave(page);
});
