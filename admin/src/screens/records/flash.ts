import type { Flash } from "./list.svelte";

const FADE: KeyframeAnimationOptions = { duration: 1_000, easing: "ease-out" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const running = new WeakMap<Element, Animation>();

/** Points out, for a moment, what has changed in the rows that are in the page. */
export function flash(canvas: HTMLElement, flashes: Flash[]): void {
    if (!flashes.length || calm.matches) return;
    const rows = new Map([...canvas.children].map((row) => [(row as HTMLElement).dataset.id, row]));
    for (const { id, fields } of flashes) {
        const row = rows.get(id);
        if (row) for (const part of fields ? cells(row, fields) : [row]) lightUp(part);
    }
}

const cells = (row: Element, fields: string[]): Element[] =>
    [...row.children].filter((cell) => fields.includes((cell as HTMLElement).dataset.field ?? ""));

/** What is lit already begins again: however often a value changes, it costs one animation. */
function lightUp(part: Element): void {
    const before = running.get(part);
    if (before?.playState === "running") before.currentTime = 0;
    else running.set(part, part.animate([{ backgroundColor: "var(--flash)" }, {}], FADE));
}
