// Cron expressions for people: in words, and when they are due next. In UTC, as the server's.

const WORDS: Record<string, string> = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
};
const BOUNDS = [
    [0, 59],
    [0, 23],
    [1, 31],
    [1, 12],
    [0, 6],
] as const;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const FARTHEST_DAYS = 366 * 8;

function columns(expression: string): string[] {
    return (WORDS[expression] ?? expression).split(" ");
}

function values(column: string, [least, most]: readonly [number, number]): Set<number> {
    const found = new Set<number>();
    for (const part of column.split(",")) {
        const [range = "*", step = "1"] = part.split("/");
        const [first, last = first] = range === "*" ? [least, most] : range.split("-").map(Number);
        for (let value = first!; value <= last!; value += Number(step)) found.add(value);
    }
    return found;
}

/** When it is due next after a moment; null where that is never, or in no near year. */
export function next(expression: string, after = new Date()): Date | null {
    const [minutes, hours, days, months, weekdays] = columns(expression).map((column, index) => values(column, BOUNDS[index]!)) as [
        Set<number>,
        Set<number>,
        Set<number>,
        Set<number>,
        Set<number>,
    ];
    const start = Math.floor(after.getTime() / MINUTE + 1) * MINUTE;
    for (let day = 0; day < FARTHEST_DAYS; day += 1) {
        const date = new Date(Math.floor(start / DAY) * DAY + day * DAY);
        if (!days.has(date.getUTCDate()) || !months.has(date.getUTCMonth() + 1) || !weekdays.has(date.getUTCDay())) continue;
        for (const hour of [...hours].sort((a, b) => a - b)) {
            for (const minute of [...minutes].sort((a, b) => a - b)) {
                const at = date.getTime() + (hour * 60 + minute) * MINUTE;
                if (at >= start) return new Date(at);
            }
        }
    }
    return null;
}

const listed = (column: string, named: (value: number) => string): string =>
    column
        .split(",")
        .map((part) =>
            part.replace(/\/(\d+)$/, " in steps of $1").replace(/^\d+(-\d+)?/, (range) =>
                range
                    .split("-")
                    .map((value) => named(Number(value)))
                    .join(" to "),
            ),
        )
        .join(", ");
const two = (value: string): string => value.padStart(2, "0");
const step = (column: string): string | undefined => column.match(/^\*\/(\d+)$/)?.[1];
const one = (column: string): boolean => /^\d+$/.test(column);

function clock(minutes: string, hours: string): string {
    if (minutes === "*" && hours === "*") return "every minute";
    if (step(minutes) && hours === "*") return `every ${step(minutes)} minutes`;
    if (one(minutes) && hours === "*") return minutes === "0" ? "every hour" : `every hour at minute ${minutes}`;
    if (one(minutes) && step(hours)) return `every ${step(hours)} hours${minutes === "0" ? "" : ` at minute ${minutes}`}`;
    if (one(minutes) && /^[\d,]+$/.test(hours))
        return `at ${hours
            .split(",")
            .map((hour) => `${two(hour)}:${two(minutes)}`)
            .join(", ")}`;
    const within = hours === "*" ? "" : ` in the hours ${listed(hours, String).replace("*", "all")}`;
    return `${minutes === "*" ? "every minute" : `at minutes ${listed(minutes, String).replace("*", "all")}`}${within}`;
}

/** An expression in words: "every day at 00:00". */
export function words(expression: string): string {
    const [minutes = "*", hours = "*", days = "*", months = "*", weekdays = "*"] = columns(expression);
    const dates = [
        weekdays !== "*" && `on ${listed(weekdays, (day) => WEEKDAYS[day] ?? String(day)).replace("*", "every day")}`,
        step(days) && `every ${step(days)} days of the month`,
        days !== "*" && !step(days) && `on day ${listed(days, String).replace("*", "any")} of the month`,
        months !== "*" && `in ${listed(months, (month) => MONTHS[month - 1] ?? String(month)).replace("*", "every month")}`,
    ].filter(Boolean);
    const time = clock(minutes, hours);
    return time.startsWith("at ") && !dates.length && hours !== "*" ? `every day ${time}` : [time, ...dates].join(", ");
}
