import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { writeFile } from "node:fs/promises";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** Leaves a `.gz` and a `.br` beside what Vite makes, where they are worth it: the server sends them as they are. */
function compressed(): Plugin {
    const encodings = { gz: promisify(gzip), br: promisify(brotliCompress) };
    return {
        name: "compressed",
        async writeBundle({ dir }, bundle) {
            const files = Object.values(bundle).filter((file) => file.fileName.startsWith("assets/"));
            await Promise.all(
                files.map(async (file) => {
                    const plain = Buffer.from(file.type === "chunk" ? file.code : file.source);
                    for (const [extension, compress] of Object.entries(encodings)) {
                        const short = await compress(plain);
                        if (short.length < 0.9 * plain.length) await writeFile(`${dir}/${file.fileName}.${extension}`, short);
                    }
                }),
            );
        },
    };
}

export default defineConfig({
    plugins: [svelte(), compressed()],
    base: "./", // the dashboard may be served behind any prefix
    build: { target: "es2023", assetsInlineLimit: 0, reportCompressedSize: false, manifest: true },
    server: { proxy: { "/api": "http://127.0.0.1:8090" } },
});
