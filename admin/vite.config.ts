import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
    plugins: [svelte()],
    base: "./", // the dashboard may be served behind any prefix
    build: { target: "es2023", assetsInlineLimit: 0, reportCompressedSize: false },
    server: { proxy: { "/api": "http://127.0.0.1:8090" } },
});
