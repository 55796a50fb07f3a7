const UNITS: [string, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
];

/** Seconds as people say them: `5 days`, `1 hour 30 minutes`. */
export function inWords(seconds: number): string {
    let rest = Math.round(seconds || 0);
    const said: string[] = [];
    for (const [unit, size] of UNITS) {
        const count = Math.floor(rest / size);
        rest -= count * size;
        if (count) said.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
    }
    return said.slice(0, 2).join(" ");
}
