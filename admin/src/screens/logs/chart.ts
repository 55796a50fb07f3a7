import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Hour } from "./lines";

const HOUR = 3600;
const HEIGHT = 146;
const WIDEST_BAR = 28;

/** Bars of hours on a canvas. `zoom` is told the hours (seconds since 1970) that were dragged over. */
export class Chart {
    #plot: uPlot;
    #span = span([]);
    #parent: HTMLElement;
    #probe = document.createElement("span");
    #watcher: ResizeObserver;
    #theme = new MutationObserver(() => this.#repaint());
    #scheme = matchMedia("(prefers-color-scheme: dark)");
    #repaint = (): void => this.#plot.redraw(false);

    constructor(parent: HTMLElement, zoom: (from: number, to: number) => void) {
        this.#parent = parent;
        this.#probe.hidden = true;
        parent.append(this.#probe);
        this.#plot = new uPlot(this.#options(zoom), [[], [], []], parent);
        this.#watcher = new ResizeObserver(() => this.#plot.setSize({ width: parent.clientWidth, height: HEIGHT }));
        this.#watcher.observe(parent);
        this.#theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "style"] });
        this.#scheme.addEventListener("change", this.#repaint);
    }

    show(hours: Hour[]): void {
        this.#span = span(hours);
        this.#plot.setData([hours.map(({ at }) => at), hours.map(({ all }) => all), hours.map(({ bad }) => bad)]);
    }

    destroy(): void {
        this.#watcher.disconnect();
        this.#theme.disconnect();
        this.#scheme.removeEventListener("change", this.#repaint);
        this.#plot.destroy();
        this.#probe.remove();
    }

    /** A variable of the design as a colour that a canvas knows. */
    #colour(name: string): string {
        this.#probe.style.color = `var(${name})`;
        return getComputedStyle(this.#probe).color;
    }

    #options(zoom: (from: number, to: number) => void): uPlot.Options {
        const bars = uPlot.paths.bars!({ size: [0.8, WIDEST_BAR], align: 1 });
        const axis = { stroke: () => this.#colour("--ink-faint"), ticks: { show: false }, font: "11px system-ui, sans-serif" };
        const series = (label: string, colour: string): uPlot.Series => ({
            label,
            paths: bars,
            points: { show: false },
            width: 0,
            fill: () => this.#colour(colour),
        });
        return {
            width: this.#parent.clientWidth,
            height: HEIGHT,
            legend: { show: false },
            cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 } },
            scales: { x: { time: true, range: () => this.#span }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] } },
            axes: [
                { ...axis, grid: { show: false }, size: 40 },
                {
                    ...axis,
                    grid: { stroke: () => this.#colour("--line"), width: 1 },
                    size: 44,
                    space: 34,
                    incrs: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1e3, 2.5e3, 5e3, 1e4, 5e4, 1e5, 5e5, 1e6],
                },
            ],
            series: [{}, series("Lines", "--accent"), series("Warnings and errors", "--bad")],
            hooks: { setSelect: [(plot) => this.#chosen(plot, zoom)] },
        };
    }

    #chosen(plot: uPlot, zoom: (from: number, to: number) => void): void {
        if (!plot.select.width) return;
        const [from, to] = [plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x")];
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        zoom(Math.floor(from / HOUR) * HOUR, Math.ceil(to / HOUR) * HOUR);
    }
}

/** From the first hour to the end of the last one, no fewer than a few. */
function span(hours: Hour[]): [number, number] {
    const end = (hours.at(-1)?.at ?? Date.now() / 1000) + HOUR;
    return [Math.min(hours[0]?.at ?? end, end - 12 * HOUR), end];
}
