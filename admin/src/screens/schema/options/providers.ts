import { pb } from "../../../api/client";

/** A service through which people may sign in, as the server lists it. */
export interface Service {
    name: string;
    displayName: string;
    logo: string;
}

/** The settings of one, as a collection has them. */
export interface Provider {
    name: string;
    clientId: string;
    clientSecret?: string;
    authURL: string;
    tokenURL: string;
    userInfoURL: string;
    displayName: string;
    pkce: boolean | null;
    extra: Record<string, unknown> | null;
}

export type UrlKey = "authURL" | "tokenURL" | "userInfoURL";

/** What a service needs beside its client's id and secret. */
export interface Needs {
    urls: UrlKey[];
    /** Its addresses must be given; else they may be. */
    required: boolean;
    help: string;
    /** What its addresses usually look like. */
    like: Partial<Record<UrlKey, string>>;
}

const HOSTED: UrlKey[] = ["authURL", "tokenURL", "userInfoURL"];
const self = (paths: [string, string, string], required = false): Needs => ({
    urls: HOSTED,
    required,
    help: required ? "The addresses of your own server." : "Only for a server of your own; empty is the public one.",
    like: {
        authURL: `https://example.com${paths[0]}`,
        tokenURL: `https://example.com${paths[1]}`,
        userInfoURL: `https://example.com${paths[2]}`,
    },
});

const OIDC: Needs = {
    urls: HOSTED,
    required: true,
    help: "The provider tells these addresses in its OpenID configuration.",
    like: { authURL: "https://example.com/authorize", tokenURL: "https://example.com/token", userInfoURL: "https://example.com/userinfo" },
};

const NEEDS: Record<string, Needs> = {
    oidc: OIDC,
    oidc2: OIDC,
    oidc3: OIDC,
    mailcow: self(["/oauth/authorize", "/oauth/token", "/oauth/profile"], true),
    gitlab: self(["/oauth/authorize", "/oauth/token", "/api/v4/user"]),
    gitea: self(["/login/oauth/authorize", "/login/oauth/access_token", "/api/v1/user"]),
    microsoft: {
        urls: ["authURL", "tokenURL"],
        required: false,
        help: "Only where accounts of one tenant or kind may sign in; empty lets in all Microsoft accounts.",
        like: {
            authURL: "https://login.microsoftonline.com/TENANT/oauth2/v2.0/authorize",
            tokenURL: "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token",
        },
    },
    lark: {
        urls: HOSTED,
        required: false,
        help: "Only for Lark, outside China; empty is Feishu.",
        like: {
            authURL: "https://accounts.larksuite.com/open-apis/authen/v1/authorize",
            tokenURL: "https://open.larksuite.com/open-apis/authen/v2/oauth/token",
            userInfoURL: "https://open.larksuite.com/open-apis/authen/v1/user_info",
        },
    },
};

export const needsOf = (name: string): Needs | undefined => NEEDS[name];

export const isOidc = (name: string): boolean => /^oidc[23]?$/.test(name);

let asked: Promise<Service[]> | undefined;

/** All services there are; asked for once. */
export function services(): Promise<Service[]> {
    asked ??= pb.collections.getAllOAuth2Providers() as unknown as Promise<Service[]>;
    asked.catch(() => (asked = undefined));
    return asked;
}

/** A service's picture, as the address of an image. */
export function picture(logo: string): string {
    return `data:image/svg+xml,${encodeURIComponent(logo.includes("xmlns=") ? logo : logo.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"'))}`;
}

export const blankProvider = (name: string): Provider => ({
    name,
    clientId: "",
    clientSecret: "",
    authURL: "",
    tokenURL: "",
    userInfoURL: "",
    displayName: "",
    pkce: null,
    extra: null,
});
