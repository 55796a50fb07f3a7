import type { Settings } from "../../api/settings.svelte";

/** What the page "Mail" edits; the password is no part of it. */
export interface MailSettings {
    meta: { senderName: string; senderAddress: string };
    smtp: {
        enabled: boolean;
        host: string;
        port: number;
        username: string;
        authMethod: "" | "PLAIN" | "LOGIN";
        tls: boolean;
        localName: string;
    };
}

export function mail(settings: Settings): MailSettings {
    const { meta, smtp } = settings as unknown as MailSettings;
    const { enabled, host, port, username, authMethod, tls, localName } = smtp;
    return {
        meta: { senderName: meta.senderName, senderAddress: meta.senderAddress },
        smtp: { enabled, host, port, username, authMethod, tls, localName },
    };
}

/** Letters that can be tried out. */
export const TEMPLATES = [
    { value: "verification", label: "Verification of an address" },
    { value: "password-reset", label: "Password reset" },
    { value: "email-change", label: "Change of the address" },
    { value: "otp", label: "One-time password" },
    { value: "login-alert", label: "Sign-in from a new place" },
];
