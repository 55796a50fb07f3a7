import type { RecordModel } from "pocketbase";
import { pb } from "../../api/client";
import type { Query } from "./list.svelte";

/** What has happened to a record since the last frame; `born` in this frame, `gone` out of the list. */
export interface Change {
    record: RecordModel;
    born: boolean;
    gone: boolean;
}

/** What is heard: the list's own filter and shape of records. */
export type Heard = Pick<Query, "collection" | "filter" | "expand" | "fields">;

/** More waiting than this (in a tab that is not looked at) is not told one by one: the list is read anew. */
const MOST_WAITING = 20_000;
/** The server takes no longer topics. */
const LONGEST_TOPIC = 2_400;
const RETRY_MS = 3_000;

type Message = { action: string; record: RecordModel };

/** The changes to a collection's records, as they happen: told together, once a frame. */
export class Live {
    connected = $state(false);
    paused = $state(false);
    /** Why nothing can be heard at all. */
    refused = $state("");
    #waiting = new Map<string, Change>();
    #lost = false;
    #frame = 0;
    #tell: (changes: Map<string, Change>) => void;
    #anew: () => void;

    /** `tell` is called with what happened, `anew` whenever something may have been missed. */
    constructor(tell: (changes: Map<string, Change>) => void, anew: () => void) {
        this.#tell = tell;
        this.#anew = anew;
    }

    get state(): "live" | "connecting" | "paused" | "refused" {
        if (this.paused) return "paused";
        return this.refused ? "refused" : this.connected ? "live" : "connecting";
    }

    /** Hears until the answer is called. */
    listen(heard: Heard): () => void {
        let over = false;
        const ends: (() => Promise<void>)[] = [];
        const connected = (): void => {
            if (over) return;
            this.connected = true;
            this.#anew();
        };
        const start = async (): Promise<void> => {
            try {
                ends.push(
                    await pb
                        .collection(heard.collection.id)
                        .subscribe("*", (message) => over || this.#hear(message as Message), options(heard)),
                );
                ends.push(await pb.realtime.subscribe("PB_CONNECT", connected));
                connected();
            } catch (error) {
                forget(heard);
                if (over) return;
                if ((error as { status?: number }).status === 400) this.refused = "This filter is not followed live.";
                else setTimeout(() => over || void start(), RETRY_MS);
            }
            if (over) stop();
        };
        const stop = (): void => {
            over = true;
            this.connected = false;
            this.#waiting.clear();
            for (const end of ends.splice(0)) void end().catch(() => {});
        };
        this.refused = topic(heard).length > LONGEST_TOPIC ? "This filter is too long to be followed live." : "";
        if (!this.refused) {
            pb.realtime.onDisconnect = () => (this.connected = false);
            void start();
        }
        return stop;
    }

    #hear({ action, record }: Message): void {
        const before = this.#waiting.get(record.id);
        const gone = action === "delete" || action === "leave";
        const born = action === "create" || (before?.born ?? false);
        if (before || this.#waiting.size < MOST_WAITING)
            this.#waiting.set(record.id, { record: gone && before ? before.record : record, born, gone });
        else this.#lost = true;
        this.#frame ||= requestAnimationFrame(() => this.#flush());
    }

    #flush(): void {
        this.#frame = 0;
        const [changes, lost] = [this.#waiting, this.#lost];
        [this.#waiting, this.#lost] = [new Map(), false];
        if (lost) this.#anew();
        else this.#tell(changes);
    }
}

function options({ filter, expand, fields }: Heard): { query: Record<string, string> } {
    const asked = Object.entries({ filter, expand, fields }).filter(([, value]) => value);
    return { query: { ...Object.fromEntries(asked), leave: "1" } };
}

/** The topic as the SDK names it. */
const topic = (heard: Heard): string => `${heard.collection.id}/*?options=${encodeURIComponent(JSON.stringify(options(heard)))}`;

/** The SDK keeps a topic that was refused, and would have all others refused with it. */
const forget = (heard: Heard): void => void pb.realtime.unsubscribe(topic(heard)).catch(() => {});
