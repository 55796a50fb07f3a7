import { getTokenPayload, isTokenExpired } from "pocketbase";

/** What a link from a letter says of itself: whose it is, what it may do. */
export interface LinkToken {
    type?: string;
    collectionId?: string;
    email?: string;
    newEmail?: string;
}

/** The payload of a link's token; null where it is no token of this kind or too old. */
export function read(token: string, type: string): LinkToken | null {
    const payload = getTokenPayload(token) as LinkToken;
    return payload.type === type && payload.collectionId && !isTokenExpired(token) ? payload : null;
}

/** Signed in here is who came from the dashboard; the link may be for anybody. */
export const forSuperuser = (payload: LinkToken): boolean => payload.collectionId === "pbc_3142635823";
