import { pb } from "./client";

export interface Topic {
    topic: string;
    collectionId: string;
    query: Record<string, string>;
    headers: string[];
}

/** An open stream, as docs/changes.md tells it. */
export interface Client {
    id: string;
    worker: number;
    ip: string;
    since: string;
    userAgent: string;
    actor: { id: string; collectionId: string; collectionName: string; label: string } | null;
    state: "live" | "catchingUp";
    position: string;
    lag: number;
    transport: "sse" | "websocket";
    outboxBytes: number;
    events: number;
    bytes: number;
    topicCount: number;
    topics: Topic[];
}

export interface Clients {
    total: number;
    silent: number[];
    workers: { worker: number; streams: number; topics: number; position: string; lag: number }[];
    items: Client[];
}

/** Who listens now, at all workers. */
export const clients = (limit: number): Promise<Clients> => pb.send("/api/realtime/clients", { query: { limit } });

/** Ends a stream; its client may connect again. */
export const disconnect = (id: string): Promise<void> => pb.send(`/api/realtime/clients/${id}`, { method: "DELETE" });
