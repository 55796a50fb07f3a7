/** The parts of a `CREATE INDEX`. */
export interface Index {
    unique: boolean;
    name: string;
    table: string;
    /** Column names; expressions stay as they are written. */
    columns: string[];
    where: string;
}

const NAME = '(?:`[^`]*`|"[^"]*"|\\[[^\\]]*\\]|[\\w$]+)';
const FORM = new RegExp(
    `^\\s*CREATE\\s+(UNIQUE\\s+)?INDEX\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:${NAME}\\s*\\.\\s*)?(${NAME})\\s+ON\\s+(${NAME})\\s*\\(([^]*)$`,
    "i",
);

const bare = (name: string): string => name.trim().replace(/^[`"[]|[`"\]]$/g, "");

/** Reads an index; null where it is none. */
export function parse(sql: string): Index | null {
    const match = FORM.exec(sql);
    if (!match) return null;
    const rest = match[4]!;
    const end = closing(rest);
    if (end < 0) return null;
    const where = /^\s*WHERE\s+([^]*)$/i.exec(rest.slice(end + 1))?.[1]?.trim() ?? "";
    return { unique: !!match[1], name: bare(match[2]!), table: bare(match[3]!), columns: parts(rest.slice(0, end)).map(column), where };
}

/** The index as SQL. */
export function build({ unique, name, table, columns, where }: Index): string {
    const list = columns.map((one) => (/^\w+$/.test(one) ? `\`${one}\`` : one)).join(", ");
    return `CREATE ${unique ? "UNIQUE " : ""}INDEX \`${name}\` ON \`${table}\` (${list})${where ? ` WHERE ${where}` : ""}`;
}

/** A name that no other index has. */
export const freshName = (): string => `idx_${crypto.randomUUID().replaceAll("-", "").slice(0, 10)}`;

/** The index on a table that is called otherwise. */
export function onTable(sql: string, table: string): string {
    const index = parse(sql);
    return index && index.table !== table ? build({ ...index, table }) : sql;
}

/** Is it an index on that column, alone or among others? */
export const hasColumn = (sql: string, name: string): boolean =>
    parse(sql)?.columns.some((one) => one.match(/\w+/g)?.includes(name)) ?? false;

/** The index where a column is called otherwise. */
export function renameColumn(sql: string, from: string, to: string): string {
    const index = parse(sql);
    if (!index || !index.columns.some((one) => one === from)) return sql;
    return build({ ...index, columns: index.columns.map((one) => (one === from ? to : one)) });
}

/** A plain name is told without quotes, `name COLLATE NOCASE` and expressions as they are. */
function column(text: string): string {
    const name = bare(text);
    return /^\w+$/.test(name) ? name : text.trim();
}

/** Where the bracket that is open closes. */
function closing(text: string): number {
    let depth = 1;
    for (let at = 0; at < text.length; at++) {
        if (text[at] === "(") depth++;
        if (text[at] === ")" && --depth === 0) return at;
    }
    return -1;
}

/** What stands between the commas that are in no bracket. */
function parts(text: string): string[] {
    const found = [""];
    let depth = 0;
    for (const char of text) {
        if (char === "(") depth++;
        if (char === ")") depth--;
        if (char === "," && !depth) found.push("");
        else found[found.length - 1] += char;
    }
    return found.filter((one) => one.trim());
}
