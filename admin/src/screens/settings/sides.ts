import { json } from "@codemirror/lang-json";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { appearance } from "../../editor/editor";

const NARROW = 760;
const collapsed = { margin: 3, minSize: 6 };

const look = EditorView.theme({
    ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--good-soft) !important" },
    "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--bad-soft) !important" },
    ".cm-changedText": { background: "none !important", boxShadow: "inset 0 -2px var(--good)" },
    "&.cm-merge-a .cm-changedText, .cm-deletedText": { background: "none !important", boxShadow: "inset 0 -2px var(--bad)" },
    ".cm-collapsedLines": { background: "var(--sunken) !important", color: "var(--ink-faint) !important", padding: "4px 10px" },
    ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '"…" !important' },
});

/** Two texts beside each other, on a narrow screen one below the other, with what differs marked. Answers what takes them away. */
export function sides(parent: HTMLElement, before: string, after: string): () => void {
    const extensions = (label: string): Extension[] => [
        appearance,
        look,
        json(),
        EditorState.readOnly.of(true),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
    ];
    if (innerWidth > NARROW) {
        const view = new MergeView({
            parent,
            a: { doc: before, extensions: extensions("Here now") },
            b: { doc: after, extensions: extensions("After the import") },
            collapseUnchanged: collapsed,
            gutter: false,
        });
        return () => view.destroy();
    }
    const unified = unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: collapsed, gutter: false });
    const view = new EditorView({ parent, doc: after, extensions: [extensions("After the import"), unified] });
    return () => view.destroy();
}
