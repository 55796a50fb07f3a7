import type { CollectionModel } from "pocketbase";
import { pb } from "./client";

export type Collection = CollectionModel;
export type Field = Collection["fields"][number];
export type Kind = "base" | "auth" | "view";

/** All collections as the server has them; every screen reads them here. */
class Collections {
    all = $state.raw<Collection[]>([]);
    loaded = $state(false);

    async load(): Promise<void> {
        this.all = await pb.collections.getFullList({ batch: 500, sort: "name" });
        this.loaded = true;
    }

    /** A collection by name or id. */
    find(nameOrId: string): Collection | undefined {
        return this.all.find((one) => one.id === nameOrId) ?? this.all.find((one) => one.name.toLowerCase() === nameOrId.toLowerCase());
    }

    /** Takes in what the server answered to a create or update. */
    put(changed: Collection): void {
        const others = this.all.filter((one) => one.id !== changed.id);
        this.all = [...others, changed].sort((a, b) => a.name.localeCompare(b.name));
    }

    drop(id: string): void {
        this.all = this.all.filter((one) => one.id !== id);
    }
}

export const collections = new Collections();
