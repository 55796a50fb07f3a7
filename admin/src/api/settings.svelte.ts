import { pb } from "./client";

/** The settings as the server tells them, secrets left out (A9). */
export type Settings = Record<string, any> & { meta: { appName: string; appURL: string; hideControls: boolean; accentColor?: string } };

class CurrentSettings {
    value = $state.raw<Settings | null>(null);

    /** Are the controls for changing schema and records locked? */
    get locked(): boolean {
        return this.value?.meta.hideControls ?? false;
    }

    async load(): Promise<Settings> {
        this.value = (await pb.settings.getAll()) as Settings;
        return this.value;
    }

    /** Sends what changed, and keeps the answer. Throws ClientResponseError. */
    async save(changed: object): Promise<Settings> {
        this.value = (await pb.settings.update(changed)) as Settings;
        return this.value;
    }
}

export const settings = new CurrentSettings();
