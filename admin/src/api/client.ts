import PocketBase, { LocalAuthStore, type SendOptions } from "pocketbase";

/** The server's root: the page is served at `<root>/_/`. */
export const root = new URL("../", location.href.split("#")[0]).href.replace(/\/$/, "");

/** The official SDK, signed in as a superuser once somebody is. */
export const pb = new PocketBase(root, new LocalAuthStore("pbtornado_superuser"));
pb.autoCancellation(false);

let renewals = 0;
let refused = "";

pb.afterSend = (response: Response, data: unknown, options?: SendOptions) => {
    if (response.status === 401) refuse(options?.headers?.Authorization ?? "");
    return data;
};

/** Signs out whoever still has the token that was refused, but not while another one may be on its way. */
function refuse(token: string): void {
    if (renewals) refused = token;
    else if (pb.authStore.isValid && pb.authStore.token === token) pb.authStore.clear();
}

/** Does what ends the session's token and brings another one: whatever is refused meanwhile signs nobody out. */
export async function renewing<T>(work: () => Promise<T>): Promise<T> {
    renewals++;
    try {
        return await work();
    } finally {
        renewals--;
        refuse(refused);
    }
}

/** A client of its own for somebody else's token, which leaves the superuser's session alone. */
export function guest(): PocketBase {
    const client = new PocketBase(root, new LocalAuthStore("pbtornado_nobody"));
    client.authStore.clear();
    client.autoCancellation(false);
    return client;
}
