// What the tests of the record editor share.
import { open } from "./browser.mjs";

const PUBLIC = { listRule: "", viewRule: "" };

/** Two collections: towns, and spots with a field of every type. */
export async function collections(pb) {
    const towns = await pb.collections.create({
        name: "towns",
        type: "base",
        ...PUBLIC,
        fields: [
            { name: "name", type: "text", required: true, presentable: true },
            { name: "inhabitants", type: "number", onlyInt: true },
        ],
    });
    const spots = await pb.collections.create({
        name: "spots",
        type: "base",
        ...PUBLIC,
        fields: [
            { name: "title", type: "text", required: true, max: 200, help: "What people call it." },
            { name: "code", type: "text", autogeneratePattern: "[A-Z]{4}-[0-9]{4}", pattern: "^[A-Z]{4}-[0-9]{4}$" },
            { name: "story", type: "editor" },
            { name: "stars", type: "number", min: 1, max: 5, onlyInt: true },
            { name: "open", type: "bool" },
            { name: "contact", type: "email" },
            { name: "page", type: "url" },
            { name: "since", type: "date" },
            { name: "kind", type: "select", values: ["bench", "view", "well"], maxSelect: 1 },
            { name: "traits", type: "select", values: ["quiet", "shady", "sunny", "steep"], maxSelect: 3 },
            { name: "photos", type: "file", maxSelect: 4, maxSize: 200000, mimeTypes: ["image/png", "text/plain"], thumbs: ["200x100", "80x0"] },
            { name: "secret_plan", type: "file", maxSelect: 1, protected: true },
            { name: "town", type: "relation", collectionId: towns.id, maxSelect: 1 },
            { name: "near", type: "relation", collectionId: towns.id, maxSelect: 5 },
            { name: "facts", type: "json" },
            { name: "place", type: "geoPoint" },
            { name: "pin", type: "password", min: 4 },
            { name: "created", type: "autodate", onCreate: true },
            { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
        ],
    });
    return { towns, spots };
}

/** A page with the editor of a record (null: of a new one) open. */
export async function editor(collection, id, options = {}) {
    const page = await open(`/collections?collection=${collection}&${id ? `record=${id}` : "new=1"}`, options);
    const dialog = page.getByRole("dialog").first();
    await dialog.getByRole("button", { name: id ? "Save and continue" : "Create and continue" }).waitFor();
    return { page, dialog };
}

/** A PNG of one colour. */
export const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
