/** Calls a function on a key, `mod` being Ctrl or on a Mac Cmd: `{@attach shortcut("mod+s", save)}`; inside fields too where it has `mod`. */
export function shortcut(keys: string, run: (event: KeyboardEvent) => void) {
    const wanted = keys.toLowerCase();
    const plain = !wanted.includes("mod+");
    return (_: Element) => {
        const heard = (event: KeyboardEvent): void => {
            if (named(event) !== wanted || (plain && typing(event.target))) return;
            event.preventDefault();
            run(event);
        };
        addEventListener("keydown", heard);
        return () => removeEventListener("keydown", heard);
    };
}

function named(event: KeyboardEvent): string {
    return [(event.ctrlKey || event.metaKey) && "mod", event.altKey && "alt", event.key.toLowerCase()].filter(Boolean).join("+");
}

const typing = (target: EventTarget | null): boolean =>
    target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
