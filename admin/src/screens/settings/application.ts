import type { Settings } from "../../api/settings.svelte";

export interface RateRule {
    label: string;
    audience: "" | "@guest" | "@auth";
    maxRequests: number;
    duration: number;
}

/** What the page "Application" edits. */
export interface Application {
    meta: { appName: string; appURL: string; accentColor: string; hideControls: boolean };
    superuserIPs: string[];
    trustedProxy: { headers: string[]; useLeftmostIP: boolean };
    rateLimits: { enabled: boolean; rules: RateRule[]; excludedIPs: string[] };
    batch: { enabled: boolean; maxRequests: number; timeout: number; maxBodySize: number };
}

export function application(settings: Settings): Application {
    const { superuserIPs, trustedProxy, rateLimits, batch, meta } = settings as Settings & Application;
    const { appName, appURL, accentColor, hideControls } = meta;
    return { meta: { appName, appURL, accentColor, hideControls }, superuserIPs, trustedProxy, rateLimits, batch };
}

/** What the server sees of the way a request takes to it. */
export interface Seen {
    realIP: string;
    possibleProxyHeader: string;
}

/** Words for what a request does to a collection, as rate limits name them. */
export const TAGS = [
    "list",
    "view",
    "create",
    "update",
    "delete",
    "file",
    "listAuthMethods",
    "auth",
    "authRefresh",
    "authWithPassword",
    "authWithOAuth2",
    "authWithOTP",
    "requestOTP",
    "requestPasswordReset",
    "confirmPasswordReset",
    "requestVerification",
    "confirmVerification",
    "requestEmailChange",
    "confirmEmailChange",
];

const PATHS = ["/api/", "/api/batch", "POST /api/batch", "/api/realtime", "GET /api/health"];
const FOR_ACCOUNTS = new Set(TAGS.slice(TAGS.indexOf("file") + 1));

/** Every label that a rate limit may sensibly have. */
export function labels(collections: { name: string; type: string }[]): string[] {
    const own = collections.flatMap(({ name, type }) =>
        TAGS.filter((tag) => type === "auth" || !FOR_ACCOUNTS.has(tag)).map((tag) => `${name}:${tag}`),
    );
    return [...TAGS.map((tag) => `*:${tag}`), ...PATHS, ...own];
}
