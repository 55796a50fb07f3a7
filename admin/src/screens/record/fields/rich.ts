import { Editor } from "@tiptap/core";
import Image from "@tiptap/extension-image";
import StarterKit from "@tiptap/starter-kit";

const ALIKE: Record<string, string> = { b: "strong", i: "em", del: "s", strike: "s" };
const NOTHING = new Set(["br", "div", "span", "p", "tbody", "html", "head", "body"]);
const ADDED = new Set(["target", "rel"]);

/** An editor of formatted text in a place of the page. `changed` is told every new text, `moved` also when only the selection is another one. */
export function richEditor(
    place: HTMLElement,
    html: string,
    attributes: Record<string, string>,
    changed: (html: string) => void,
    moved: () => void,
): Editor {
    return new Editor({
        element: place,
        content: html,
        injectCSS: false,
        extensions: [StarterKit.configure({ link: { openOnClick: false } }), Image],
        editorProps: { attributes },
        onUpdate: ({ editor }) => changed(textOf(editor)),
        onTransaction: moved,
    });
}

export const textOf = (editor: Editor): string => (editor.isEmpty ? "" : editor.getHTML());

/** Whether a text has elements or attributes that are not in another one made of it. */
export function loses(before: string, after: string): boolean {
    const [had, has] = [markup(before), markup(after)];
    return [...had].some(([name, count]) => (has.get(name) ?? 0) < count);
}

/** How often each element and attribute that means something stands in a text. */
function markup(html: string): Map<string, number> {
    const found = new Map<string, number>();
    const note = (name: string): void => void found.set(name, (found.get(name) ?? 0) + 1);
    for (const element of new DOMParser().parseFromString(html, "text/html").querySelectorAll("*")) {
        const name = ALIKE[element.localName] ?? element.localName;
        if (!NOTHING.has(name)) note(name);
        for (const attribute of element.attributes) if (!ADDED.has(attribute.name)) note(`${name} ${attribute.name}`);
    }
    return found;
}
