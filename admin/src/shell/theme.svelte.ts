import { settings } from "../api/settings.svelte";

export type Theme = "auto" | "light" | "dark";
const KEY = "pbtornado_theme";

class CurrentTheme {
    value = $state<Theme>((localStorage.getItem(KEY) as Theme | null) ?? "auto");

    constructor() {
        $effect.root(() => {
            $effect(() => {
                const page = document.documentElement;
                if (this.value === "auto") delete page.dataset.theme;
                else page.dataset.theme = this.value;
                localStorage.setItem(KEY, this.value);
            });
            $effect(() => {
                const accent = settings.value?.meta.accentColor;
                if (accent && CSS.supports("color", accent)) document.documentElement.style.setProperty("--accent-base", accent);
            });
        });
    }
}

export const theme = new CurrentTheme();
