import type { Collection } from "../../api/collections.svelte";
import { curl, literal, type Lang } from "./languages";
import type { Operation } from "./operations";
import { sampleRecord } from "./sample";

type Call = {
    id: string;
    label: string;
    group?: Operation["group"];
    path: string;
    method?: string;
    text: string;
    body?: Record<string, unknown>;
    sdk: Record<Exclude<Lang, "curl">, string>;
    token?: boolean;
    answer: unknown;
    refusal?: [number, string];
};

/** Signing in, and what an account may change of itself. */
export function accounts(collection: Collection, root: string): Operation[] {
    return [...signIn(collection), ...letters(collection)].map((call) => operation(collection, root, call));
}

function operation(collection: Collection, root: string, call: Call): Operation {
    const path = `/api/collections/${collection.name}/${call.path}`;
    const method = call.method ?? "POST";
    const [status, message] = call.refusal ?? [400, "Something went wrong while processing your request."];
    return {
        id: call.id,
        label: call.label,
        group: call.group ?? "Sign-in",
        method,
        path,
        text: call.text,
        parameters: Object.keys(call.body ?? {}).map((name) => [name, "text", ""]),
        snippets: { ...call.sdk, curl: curl(method, root + path, { body: call.body, token: call.token }) },
        answers: [
            { status: call.answer === null ? 204 : 200, body: call.answer },
            { status, body: { data: {}, message, status } },
        ],
    };
}

function signIn(collection: Collection): Call[] {
    const { name } = collection;
    const signedIn = { record: sampleRecord(collection), token: "JWT" };
    const after =
        "\n\n// kept for further requests\nconsole.log(pb.authStore.isValid, pb.authStore.token, pb.authStore.record.id);\n\npb.authStore.clear(); // signs out";
    return [
        {
            id: "auth-methods",
            label: "Ways to sign in",
            method: "GET",
            path: "auth-methods",
            text: "What a sign-in page may offer: password, one-time codes, providers.",
            sdk: {
                javascript: `const methods = await pb.collection("${name}").listAuthMethods();`,
                python: `methods = pb.collection("${name}").list_auth_methods()`,
                dart: `final methods = await pb.collection('${name}').listAuthMethods();`,
            },
            answer: {
                password: { enabled: true, identityFields: ["email"] },
                oauth2: { enabled: false, providers: [] },
                mfa: { enabled: false, duration: 0 },
                otp: { enabled: false, duration: 0 },
            },
            refusal: [404, "Missing or invalid auth collection context."],
        },
        {
            id: "auth-with-password",
            label: "With a password",
            path: "auth-with-password",
            text: "Answers the account and a token; send the token as Authorization.",
            body: { identity: "ann@example.com", password: "a-long-password" },
            sdk: {
                javascript: `const { record, token } = await pb.collection("${name}").authWithPassword("ann@example.com", "a-long-password");${after}`,
                python: `auth = pb.collection("${name}").auth_with_password("ann@example.com", "a-long-password")\nprint(pb.auth_store.token)`,
                dart: `final auth = await pb.collection('${name}').authWithPassword('ann@example.com', 'a-long-password');\nprint(pb.authStore.token);`,
            },
            answer: signedIn,
            refusal: [400, "Failed to authenticate."],
        },
        {
            id: "auth-with-oauth2",
            label: "With a provider",
            path: "auth-with-oauth2",
            text: "Opens the provider's window and signs in when it comes back.",
            body: { provider: "google", code: "CODE", codeVerifier: "VERIFIER", redirectURL: "https://example.com/redirect" },
            sdk: {
                javascript: `const auth = await pb.collection("${name}").authWithOAuth2({ provider: "google" });`,
                python: `auth = pb.collection("${name}").auth_with_oauth2("google", code, code_verifier, redirect_url)`,
                dart: `final auth = await pb.collection('${name}').authWithOAuth2('google', (url) async {\n    await launchUrl(url);\n});`,
            },
            answer: { ...signedIn, meta: { id: "…", name: "Ann", email: "ann@example.com", isNew: true } },
        },
        {
            id: "auth-with-otp",
            label: "With a code by mail",
            path: "auth-with-otp",
            text: "First request-otp, which sends a code by mail and answers its id; then the code.",
            body: { otpId: "OTP_ID", password: "12345678" },
            sdk: {
                javascript: `const { otpId } = await pb.collection("${name}").requestOTP("ann@example.com");\n\nconst auth = await pb.collection("${name}").authWithOTP(otpId, "12345678");`,
                python: `asked = pb.send("/api/collections/${name}/request-otp", {"method": "POST", "body": {"email": "ann@example.com"}})\nauth = pb.send("/api/collections/${name}/auth-with-otp", {"method": "POST", "body": {"otpId": asked["otpId"], "password": "12345678"}})`,
                dart: `final asked = await pb.collection('${name}').requestOTP('ann@example.com');\nfinal auth = await pb.collection('${name}').authWithOTP(asked.otpId, '12345678');`,
            },
            answer: signedIn,
            refusal: [400, "Invalid or expired OTP"],
        },
        {
            id: "auth-refresh",
            label: "Refresh",
            path: "auth-refresh",
            text: "A new token for the one that is sent, and the account as it is now.",
            token: true,
            sdk: {
                javascript: `await pb.collection("${name}").authRefresh();`,
                python: `pb.collection("${name}").auth_refresh()`,
                dart: `await pb.collection('${name}').authRefresh();`,
            },
            answer: signedIn,
            refusal: [401, "The request requires valid record authorization token."],
        },
    ];
}

function letters(collection: Collection): Call[] {
    const { name } = collection;
    const two = (js: [string, string], python: [string, string], ask: unknown[], confirm: unknown[]): Call["sdk"] => {
        const args = (values: unknown[], lang: Lang): string => values.map((value) => literal(value, lang)).join(", ");
        return {
            javascript: `await pb.collection("${name}").${js[0]}(${args(ask, "javascript")});\n\n// on the page that the letter leads to\nawait pb.collection("${name}").${js[1]}(${args(confirm, "javascript")});`,
            python: `pb.collection("${name}").${python[0]}(${args(ask, "python")})\n\n# on the page that the letter leads to\npb.collection("${name}").${python[1]}(${args(confirm, "python")})`,
            dart: `await pb.collection('${name}').${js[0]}(${args(ask, "dart")});\n\n// on the page that the letter leads to\nawait pb.collection('${name}').${js[1]}(${args(confirm, "dart")});`,
        };
    };
    return [
        {
            id: "verification",
            label: "Confirm the address",
            group: "Account",
            path: "request-verification",
            text: "A letter with a link; its page here in the dashboard confirms the address, or your own does.",
            body: { email: "ann@example.com" },
            sdk: two(
                ["requestVerification", "confirmVerification"],
                ["request_verification", "confirm_verification"],
                ["ann@example.com"],
                ["TOKEN"],
            ),
            answer: null,
        },
        {
            id: "password-reset",
            label: "Forgotten password",
            group: "Account",
            path: "request-password-reset",
            text: "A letter with a link to choose a new password. All tokens given before end with it.",
            body: { email: "ann@example.com" },
            sdk: two(
                ["requestPasswordReset", "confirmPasswordReset"],
                ["request_password_reset", "confirm_password_reset"],
                ["ann@example.com"],
                ["TOKEN", "new-password", "new-password"],
            ),
            answer: null,
        },
        {
            id: "email-change",
            label: "New address",
            group: "Account",
            path: "request-email-change",
            text: "A letter to the new address; it holds once the link is opened and the password given.",
            body: { newEmail: "anna@example.com" },
            token: true,
            sdk: two(
                ["requestEmailChange", "confirmEmailChange"],
                ["request_email_change", "confirm_email_change"],
                ["anna@example.com"],
                ["TOKEN", "a-long-password"],
            ),
            answer: null,
            refusal: [401, "The request requires valid record authorization token."],
        },
    ];
}
