import { Graph, layout as arrange } from "@dagrejs/dagre";
import type { Collection, Field } from "../../api/collections.svelte";

/** Sizes in the diagram's own units. */
export const WIDTH = 236;
export const HEAD = 34;
export const ROW = 24;
const GAP = 48;
const FOOT = 6;

export interface Box {
    collection: Collection;
    x: number;
    y: number;
    height: number;
}

export interface Edge {
    from: string;
    to: string;
    field: Field;
    /** An SVG path from the field to the collection it names. */
    path: string;
}

export interface Drawing {
    boxes: Box[];
    edges: Edge[];
    width: number;
    height: number;
}

interface Link {
    from: Collection;
    to: Collection;
    field: Field;
}

const heightOf = (collection: Collection): number => HEAD + collection.fields.length * ROW + FOOT;

/** Where each collection stands and how its relations run; those without any stand below, side by side. */
export function drawing(shown: Collection[]): Drawing {
    const links = linksOf(shown);
    const tied = shown.filter(({ id }) => links.some(({ from, to }) => from !== to && [from.id, to.id].includes(id)));
    const boxes = arranged(tied, links);
    const below = Math.max(0, ...boxes.map(({ y, height }) => y + height + GAP));
    boxes.push(
        ...inRows(
            shown.filter((one) => !tied.includes(one)),
            below,
            boxes,
        ),
    );
    const places = new Map(boxes.map((box) => [box.collection.id, box]));
    const edges = links.map(({ from, to, field }) => ({
        from: from.id,
        to: to.id,
        field,
        path: path(places.get(from.id)!, places.get(to.id)!, field),
    }));
    return {
        boxes,
        edges,
        width: Math.max(...boxes.map(({ x }) => x + WIDTH)),
        height: Math.max(...boxes.map(({ y, height }) => y + height)),
    };
}

function linksOf(shown: Collection[]): Link[] {
    return shown.flatMap((from) =>
        from.fields.flatMap((field) => {
            const to = field.type === "relation" ? shown.find(({ id }) => id === field.collectionId) : undefined;
            return to ? [{ from, to, field }] : [];
        }),
    );
}

function arranged(tied: Collection[], links: Link[]): Box[] {
    const graph = new Graph({ multigraph: true }).setGraph({ rankdir: "LR", nodesep: 28, ranksep: 96, marginx: 0, marginy: 0 });
    for (const collection of tied) graph.setNode(collection.id, { width: WIDTH, height: heightOf(collection) });
    for (const { from, to, field } of links) if (from !== to) graph.setEdge(from.id, to.id, {}, field.id);
    arrange(graph);
    return tied.map((collection) => {
        const { x, y, width, height } = graph.node(collection.id) as { x: number; y: number; width: number; height: number };
        return { collection, x: x - width / 2, y: y - height / 2, height };
    });
}

/** As many beside each other as the drawing above is wide, at least four. */
function inRows(loose: Collection[], top: number, above: Box[]): Box[] {
    const wide = Math.max(0, ...above.map(({ x }) => x + WIDTH));
    const columns = Math.max(4, Math.floor((wide + GAP) / (WIDTH + GAP)));
    const heights = Array<number>(columns).fill(top);
    return loose.map((collection) => {
        const column = heights.indexOf(Math.min(...heights));
        const box = { collection, x: column * (WIDTH + GAP), y: heights[column]!, height: heightOf(collection) };
        heights[column]! += box.height + GAP / 2;
        return box;
    });
}

function path(from: Box, to: Box, field: Field): string {
    const y = from.y + HEAD + from.collection.fields.indexOf(field) * ROW + ROW / 2;
    const end = to.y + HEAD / 2;
    if (from === to) return `M ${from.x + WIDTH} ${y} c 44 0, 44 ${end - y}, 4 ${end - y}`;
    const rightwards = to.x >= from.x + WIDTH;
    const leftwards = to.x + WIDTH <= from.x;
    const [start, stop] = rightwards
        ? [from.x + WIDTH, to.x - 4]
        : leftwards
          ? [from.x, to.x + WIDTH + 4]
          : [from.x + WIDTH, to.x + WIDTH + 4];
    const bend = Math.max(40, Math.abs(stop - start) / 2);
    const [out, into] = rightwards ? [bend, -bend] : leftwards ? [-bend, bend] : [60, 60];
    return `M ${start} ${y} C ${start + out} ${y}, ${stop + into} ${end}, ${stop} ${end}`;
}
