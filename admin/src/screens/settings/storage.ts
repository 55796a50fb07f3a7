import type { Settings } from "../../api/settings.svelte";

/** What the page "File storage" edits; the secret is no part of it. */
export interface StorageSettings {
    s3: { enabled: boolean; bucket: string; region: string; endpoint: string; accessKey: string; forcePathStyle: boolean };
}

export function storage(settings: Settings): StorageSettings {
    const { enabled, bucket, region, endpoint, accessKey, forcePathStyle } = (settings as unknown as StorageSettings).s3;
    return { s3: { enabled, bucket, region, endpoint, accessKey, forcePathStyle } };
}
