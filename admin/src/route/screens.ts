import type { Component } from "svelte";

/** Who may open a screen: superusers, only those who are not signed in, or everybody. */
export type Audience = "superuser" | "guest" | "everybody";

export interface Screen {
    path: string;
    title: string;
    audience: Audience;
    /** The part of the navigation it belongs to. */
    section?: "collections" | "changes" | "logs" | "settings";
    /** Loaded when it is first shown. */
    load: () => Promise<{ default: Component<any> }>;
}

const account = (path: string, title: string, load: Screen["load"], audience: Audience = "everybody"): Screen => ({
    path,
    title,
    load,
    audience,
});
const collections = (path: string, title: string, load: Screen["load"]): Screen => ({
    path,
    title,
    load,
    audience: "superuser",
    section: "collections",
});
const live = (path: string, title: string, load: Screen["load"]): Screen => ({
    path,
    title,
    load,
    audience: "superuser",
    section: "changes",
});
const setting = (path: string, title: string, load: Screen["load"]): Screen => ({
    path: `/settings${path}`,
    title,
    load,
    audience: "superuser",
    section: "settings",
});

/** Every place of the dashboard; `:name` stands for any one part of a path. */
export const screens: Screen[] = [
    account("/login", "Sign in", () => import("../screens/account/SignIn.svelte"), "guest"),
    account("/pbinstall/:token", "Welcome", () => import("../screens/account/Install.svelte")),
    account("/request-password-reset", "Forgotten password", () => import("../screens/account/RequestPasswordReset.svelte"), "guest"),
    account("/auth/confirm-password-reset/:token", "New password", () => import("../screens/account/ConfirmPasswordReset.svelte")),
    account("/auth/confirm-verification/:token", "Email verification", () => import("../screens/account/ConfirmVerification.svelte")),
    account("/auth/confirm-email-change/:token", "New email address", () => import("../screens/account/ConfirmEmailChange.svelte")),
    account("/auth/oauth2-redirect-success", "Signed in", () => import("../screens/account/OAuth2Redirect.svelte")),
    account("/auth/oauth2-redirect-failure", "Not signed in", () => import("../screens/account/OAuth2Redirect.svelte")),
    collections("/collections", "Collections", () => import("../screens/collections/Collections.svelte")),
    collections("/overview", "Overview", () => import("../screens/overview/Overview.svelte")),
    collections("/safety", "Safety", () => import("../screens/safety/Safety.svelte")),
    collections("/rules", "Rule tester", () => import("../screens/rules/RuleTester.svelte")),
    live("/changes", "Changes", () => import("../screens/changes/Changes.svelte")),
    live("/clients", "Clients", () => import("../screens/clients/Clients.svelte")),
    { path: "/logs", title: "Logs", audience: "superuser", section: "logs", load: () => import("../screens/logs/Logs.svelte") },
    setting("", "Application", () => import("../screens/settings/Application.svelte")),
    setting("/mail", "Mail", () => import("../screens/settings/Mail.svelte")),
    setting("/storage", "File storage", () => import("../screens/settings/Storage.svelte")),
    setting("/backups", "Backups", () => import("../screens/settings/Backups.svelte")),
    setting("/crons", "Crons", () => import("../screens/settings/Crons.svelte")),
    setting("/export-collections", "Export collections", () => import("../screens/settings/ExportCollections.svelte")),
    setting("/import-collections", "Import collections", () => import("../screens/settings/ImportCollections.svelte")),
    setting("/sql", "SQL console", () => import("../screens/sql/SqlConsole.svelte")),
];
