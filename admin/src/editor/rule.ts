import { LanguageSupport, StreamLanguage } from "@codemirror/language";

/** The language of rules and filters, for colours; docs/rules.md says what it means. */
const language = StreamLanguage.define({
    name: "rule",
    token(stream) {
        if (stream.eatSpace()) return null;
        if (stream.match("//")) {
            stream.skipToEnd();
            return "comment";
        }
        const quote = stream.match(/^["']/, true);
        if (quote) return text(stream, (quote as RegExpMatchArray)[0]);
        if (stream.match(/^-?\d+(\.\d+)?/)) return "number";
        if (stream.match(/^@[\w.:]*/)) return "variableName.special";
        if (stream.match(/^(true|false|null)\b/i)) return "atom";
        if (stream.match(/^(geoDistance|strftime)(?=\s*\()/)) return "keyword";
        if (stream.match(/^:\w+/)) return "modifier";
        if (stream.match(/^[A-Za-z_][\w.]*/)) return "variableName";
        if (stream.match(/^(&&|\|\|)/)) return "operatorKeyword";
        if (stream.match(/^\??(!?[=~]|[<>]=?)/)) return "operator";
        stream.next();
        return "punctuation";
    },
    languageData: { commentTokens: { line: "//" }, closeBrackets: { brackets: ["(", "'", '"'] } },
});

function text(stream: { eol(): boolean; next(): string | void }, quote: string): string {
    while (!stream.eol()) {
        const one = stream.next();
        if (one === "\\") stream.next();
        else if (one === quote) return "string";
    }
    return "invalid";
}

export const rule = new LanguageSupport(language);
