/** The fixed words of rules and filters, with what they mean; docs/rules.md is the long form. */
export interface Word {
    name: string;
    help: string;
}

const words = (pairs: Record<string, string>): Word[] => Object.entries(pairs).map(([name, help]) => ({ name, help }));

export const SIGNS = words({
    "=": "equal",
    "!=": "not equal",
    ">": "greater, or later",
    ">=": "greater or equal",
    "<": "less, or earlier",
    "<=": "less or equal",
    "~": "contains; % stands for anything",
    "!~": "does not contain",
    "?=": "any of several values is equal",
    "?!=": "any of several values is not equal",
    "?>": "any of several values is greater",
    "?>=": "any of several values is greater or equal",
    "?<": "any of several values is less",
    "?<=": "any of several values is less or equal",
    "?~": "any of several values contains it",
    "?!~": "any of several values does not contain it",
});

export const JOINS = words({ "&&": "and: both must hold; binds tighter than ||", "||": "or: one must hold" });

export const CONSTANTS = words({ true: "yes", false: "no", null: "no value; equal to the empty text, but in JSON fields" });

export const MACROS = words({
    "@now": "this moment, UTC",
    "@todayStart": "today, 00:00 UTC",
    "@todayEnd": "today, 23:59:59.999 UTC",
    "@yesterday": "this time yesterday",
    "@tomorrow": "this time tomorrow",
    "@monthStart": "the first moment of the month, UTC",
    "@monthEnd": "the last moment of the month, UTC",
    "@yearStart": "the first moment of the year, UTC",
    "@yearEnd": "the last moment of the year, UTC",
    "@second": "0 to 59",
    "@minute": "0 to 59",
    "@hour": "0 to 23, UTC",
    "@day": "1 to 31, UTC",
    "@month": "1 to 12, UTC",
    "@weekday": "0 (Sunday) to 6, UTC",
    "@year": "the year, UTC",
});

export const FUNCTIONS = words({
    geoDistance: "geoDistance(lonA, latA, lonB, latB): kilometres between two points",
    strftime: "strftime('%Y-%m', created, '+1 day'): a time as text",
});

export const REQUEST = words({
    "@request.auth.": "who asks: the fields of the signed-in account",
    "@request.body.": "what was sent",
    "@request.query.": "a parameter of the address",
    "@request.headers.": "a header, in lower case with _ for -",
    "@request.method": "GET, POST, PATCH or DELETE",
    "@request.context": "on which way the request came",
});

export const METHODS = words({ "'GET'": "list or view", "'POST'": "create", "'PATCH'": "update", "'DELETE'": "delete" });

export const CONTEXTS = words({
    "'default'": "the record API",
    "'expand'": "reached through expand",
    "'realtime'": "a live message",
    "'protectedFile'": "a protected file",
    "'batch'": "one of several requests in one",
    "'password'": "signing in with a password",
    "'otp'": "signing in with a code by mail",
    "'oauth2'": "signing in with another provider",
});

export const HEADERS = words({
    "@request.headers.user_agent": "the program that asks",
    "@request.headers.accept_language": "the languages the reader wants",
    "@request.headers.origin": "the page that asks",
    "@request.headers.referer": "the page that led here",
    "@request.headers.content_type": "the form of what is sent",
    "@request.headers.x_token": "any other header: X-Token is x_token",
});

export const MODIFIERS: Record<string, string> = {
    ":lower": "in lower case",
    ":length": "how many values",
    ":each": "every single value must match; with ? any",
    ":isset": "was it sent? true or false",
    ":changed": "was it sent, and other than it is stored? true or false",
};
