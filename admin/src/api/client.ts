import PocketBase, { LocalAuthStore } from "pocketbase";

/** The server's root: the page is served at `<root>/_/`. */
export const root = new URL("../", location.href.split("#")[0]).href.replace(/\/$/, "");

/** The official SDK, signed in as a superuser once somebody is. */
export const pb = new PocketBase(root, new LocalAuthStore("pbtornado_superuser"));
pb.autoCancellation(false);

pb.afterSend = (response, data) => {
    if (response.status === 401 && pb.authStore.isValid) pb.authStore.clear();
    return data;
};

/** A client of its own for somebody else's token, which leaves the superuser's session alone. */
export function guest(): PocketBase {
    const client = new PocketBase(root, new LocalAuthStore("pbtornado_nobody"));
    client.authStore.clear();
    client.autoCancellation(false);
    return client;
}
