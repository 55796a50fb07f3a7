import { autocompletion, closeBrackets, completionKeymap, completionStatus, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Language } from "./Code.svelte";
import { rule } from "./rule";

export interface EditorOptions {
    language: Language;
    readonly: boolean;
    placeholder: string;
    single: boolean;
    schema?: Record<string, string[]>;
    attributes: Record<string, string>;
    /** Where the cursor stands first. */
    selection: { anchor: number; head: number };
    complete: CompletionSource;
    changed: (text: string) => void;
    submit: () => void;
}

const fromOutside = Annotation.define<boolean>();
const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";

const colours = HighlightStyle.define([
    { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "light-dark(#8527a6, #d9a0f0)" },
    { tag: [tags.string, tags.special(tags.string)], color: "light-dark(#0f6b3c, #8fd6a8)" },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "light-dark(#a1480b, #f0b37e)" },
    { tag: [tags.propertyName, tags.variableName], color: "var(--ink)" },
    { tag: [tags.special(tags.variableName), tags.typeName, tags.className], color: "var(--accent)" },
    { tag: [tags.operator, tags.punctuation], color: "var(--ink-soft)" },
    { tag: tags.comment, color: "var(--ink-faint)", fontStyle: "italic" },
    { tag: tags.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
    "&": { backgroundColor: "transparent", color: "var(--ink)" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.45" },
    ".cm-content": { padding: "7px 2px", caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "transparent", border: "0", color: "var(--ink-faint)" },
    ".cm-placeholder": { color: "var(--ink-faint)" },
    "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
        backgroundColor: "color-mix(in oklab, var(--accent) 25%, transparent) !important",
    },
    ".cm-tooltip": {
        border: "1px solid var(--line)",
        borderRadius: "8px",
        backgroundColor: "var(--raised)",
        boxShadow: "var(--shadow-raised)",
        overflow: "hidden",
    },
    ".cm-tooltip-autocomplete ul": { fontFamily: "var(--mono)", fontSize: "12.5px" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--selected)", color: "var(--ink)" },
    ".cm-completionDetail": { color: "var(--ink-faint)", fontStyle: "normal" },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
});

/** How every editor of the dashboard looks. */
export const appearance: Extension[] = [EditorView.cspNonce.of(nonce), look, syntaxHighlighting(colours)];

/** What a language needs; those that are seldom wanted are loaded when they are. */
async function grammar(language: Language, schema?: Record<string, string[]>): Promise<Extension> {
    switch (language) {
        case "rule":
            return rule;
        case "json":
            return json();
        case "sql": {
            const { sql, SQLite } = await import("@codemirror/lang-sql");
            return sql({ dialect: SQLite, schema, upperCaseKeywords: true });
        }
        case "javascript":
            return (await import("@codemirror/lang-javascript")).javascript();
        case "python":
            return (await import("@codemirror/lang-python")).python();
        case "dart":
            return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/clike")).dart);
        case "shell":
            return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/shell")).shell);
        default:
            return [];
    }
}

const whole = jsonParseLinter();

/** Only one line: a break is a space. */
const oneLine = EditorState.transactionFilter.of((transaction) =>
    transaction.newDoc.lines > 1
        ? [
              transaction,
              {
                  changes: { from: 0, to: transaction.newDoc.length, insert: transaction.newDoc.toString().replaceAll("\n", " ") },
                  sequential: true,
              },
          ]
        : transaction,
);

/** Escape closes a list of completions, and not the dialog around the editor too. */
const escape = EditorView.domEventObservers({
    keydown: (event, view) => {
        if (event.key === "Escape" && completionStatus(view.state)) event.stopPropagation();
    },
});

/** One CodeMirror view, as the dashboard uses them. */
export class Editor {
    #view: EditorView;
    #language = new Compartment();
    #locked = new Compartment();
    #attributes = new Compartment();
    #named: Record<string, string>;

    constructor(parent: HTMLElement, text: string, options: EditorOptions) {
        this.#named = { tabindex: "0", ...options.attributes };
        const around = parent.closest<HTMLElement>("[role=dialog]") ?? document.body;
        const extensions = [tooltips({ parent: around }), ...this.#extensions(options)];
        this.#view = new EditorView({ parent, state: EditorState.create({ doc: text, selection: options.selection, extensions }) });
        void grammar(options.language, options.schema).then((found) => this.#view.dispatch({ effects: this.#language.reconfigure(found) }));
    }

    #extensions(options: EditorOptions): Extension[] {
        const submit = { key: "Mod-Enter", run: () => (options.submit(), true) };
        const enter = { key: "Enter", run: () => (options.submit(), true) };
        return [
            appearance,
            history(),
            bracketMatching(),
            closeBrackets(),
            EditorView.lineWrapping,
            escape,
            placeholder(options.placeholder),
            autocompletion({
                icons: false,
                selectOnOpen: !options.single, // Enter sends what was typed, unless a completion was gone to
                ...(options.language === "sql" ? {} : { override: [options.complete] }),
            }),
            keymap.of([...completionKeymap, submit, ...(options.single ? [enter] : []), ...historyKeymap, ...defaultKeymap]),
            options.single ? oneLine : options.language === "rule" ? [] : lineNumbers(),
            options.language === "json" && !options.readonly ? linter((view) => (view.state.doc.length ? whole(view) : [])) : [],
            this.#language.of([]),
            this.#locked.of(EditorState.readOnly.of(options.readonly)),
            this.#attributes.of(EditorView.contentAttributes.of(this.#named)),
            EditorView.updateListener.of((update) => {
                if (update.docChanged && !update.transactions.some((one) => one.annotation(fromOutside)))
                    options.changed(update.state.doc.toString());
            }),
        ];
    }

    /** Takes in a text that was changed elsewhere. */
    set(text: string): void {
        if (text === this.#view.state.doc.toString()) return;
        this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text }, annotations: fromOutside.of(true) });
    }

    lock(readonly: boolean): void {
        this.#view.dispatch({ effects: this.#locked.reconfigure(EditorState.readOnly.of(readonly)) });
    }

    describe(attributes: Record<string, string>): void {
        this.#named = { ...this.#named, ...attributes };
        this.#view.dispatch({ effects: this.#attributes.reconfigure(EditorView.contentAttributes.of(this.#named)) });
    }

    focus(): void {
        this.#view.focus();
    }

    destroy(): void {
        this.#view.destroy();
    }
}
