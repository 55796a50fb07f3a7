import type { Flash } from "./list.svelte";

const FADE: KeyframeAnimationOptions = { duration: 1_200, easing: "ease-out" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Points out, for a moment, what has changed in the rows that are in the page. */
export function flash(canvas: HTMLElement, flashes: Flash[]): void {
    if (!flashes.length || calm.matches) return;
    const from = getComputedStyle(canvas).getPropertyValue("--flash");
    for (const { id, fields } of flashes) {
        const row = canvas.querySelector(`[data-id="${CSS.escape(id)}"]`);
        if (!row) continue;
        const parts = fields ? fields.map((name) => row.querySelector(`[data-field="${CSS.escape(name)}"]`)) : [row];
        for (const part of parts) part?.animate([{ backgroundColor: from }, {}], FADE);
    }
}
