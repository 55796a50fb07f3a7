const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The moment a stored datetime (`2006-01-02 15:04:05.000Z`) speaks of; null where it is empty. */
export function moment(stored: string): Date | null {
    const date = new Date(stored.replace(" ", "T"));
    return Number.isNaN(date.getTime()) ? null : date;
}

/** A stored datetime in the reader's zone and language. */
export function local(stored: string): string {
    const date = moment(stored);
    return date ? FORMAT.format(date) : stored;
}

/** A date as datetimes are stored. */
export const stored = (date: Date): string => date.toISOString().replace("T", " ");

/** The reader's time zone, for labels. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
