// The editor of the studio, on CodeMirror. `make studio` bundles it into
// ../page/editor.js; what else the page does is in ../page/email.js, which needs no
// building.
import { EditorState } from "@codemirror/state";
import {
  EditorView, keymap, lineNumbers, highlightActiveLine, highlightActiveLineGutter, drawSelection,
  highlightSpecialChars, MatchDecorator, ViewPlugin, Decoration,
} from "@codemirror/view";
import { history, historyKeymap, defaultKeymap, isolateHistory } from "@codemirror/commands";
import { LRLanguage, LanguageSupport, HighlightStyle, syntaxHighlighting, indentUnit, bracketMatching } from "@codemirror/language";
import { autocompletion, completionKeymap, closeBrackets, closeBracketsKeymap, startCompletion } from "@codemirror/autocomplete";
import { setDiagnostics, lintGutter, lintKeymap } from "@codemirror/lint";
import { searchKeymap, highlightSelectionMatches, search } from "@codemirror/search";
import { yaml } from "@codemirror/lang-yaml";
import { parser as htmlParser, configureNesting } from "@lezer/html";
import { parser as cssParser } from "@lezer/css";
import { tags as t } from "@lezer/highlight";

const css = LRLanguage.define({ name: "css", parser: cssParser });
const html = LRLanguage.define({
  name: "html",
  parser: htmlParser.configure({ wrap: configureNesting([{ tag: "style", parser: css.parser }], []) }),
  languageData: { commentTokens: { block: { open: "{{/*", close: "*/}}" } } },
});

// Colours are those of the page's style sheet, so that dark and light follow it.
const colours = HighlightStyle.define([
  { tag: [t.tagName, t.angleBracket], color: "var(--code-tag)" },
  { tag: [t.attributeName, t.propertyName, t.definition(t.propertyName)], color: "var(--code-name)" },
  { tag: [t.attributeValue, t.string], color: "var(--code-value)" },
  { tag: [t.comment, t.documentMeta], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [t.number, t.bool, t.keyword, t.unit, t.color], color: "var(--code-number)" },
]);

// What is between {{ and }} stands out, in every kind of file.
const actions = ViewPlugin.fromClass(class {
  constructor(view) { this.decorations = matcher.createDeco(view); }
  update(u) { this.decorations = matcher.updateDeco(u, this.decorations); }
}, { decorations: (p) => p.decorations });
const matcher = new MatchDecorator({
  regexp: /\{\{\/\*.*?\*\/\s*-?\}\}|\{\{.*?\}\}/g,
  decoration: (m) => Decoration.mark({ class: m[0].startsWith("{{/*") ? "cm-note" : "cm-action" }),
});

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--ink)", backgroundColor: "var(--surface)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--soft)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--line-now)" },
  "&.cm-focused": { outline: "none" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-selectionMatch": { backgroundColor: "var(--tint)" },
  ".cm-action": { color: "var(--code-action)", backgroundColor: "var(--tint)", borderRadius: "3px" },
  ".cm-action *": { color: "inherit" },
  ".cm-note, .cm-note *": { color: "var(--code-comment)", fontStyle: "italic" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", border: "1px solid var(--line)", borderRadius: "8px", boxShadow: "var(--shadow)", color: "var(--ink)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "13px", maxHeight: "15em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--accent-ink)" },
  ".cm-tooltip-autocomplete ul li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--soft)", fontFamily: "var(--sans)", marginLeft: "1em" },
  ".cm-completionInfo": { padding: "10px 12px", maxWidth: "320px", fontFamily: "var(--sans)", lineHeight: "1.45" },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--sans)", borderLeft: "4px solid var(--bad)", maxWidth: "48em" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-lint-marker-error": { content: "none", width: "10px", height: "10px", margin: "5px 0 0 2px", borderRadius: "50%", backgroundColor: "var(--bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline dotted var(--warn)", textUnderlineOffset: "3px" },
  ".cm-lint-marker-warning": { content: "none", width: "8px", height: "8px", margin: "6px 0 0 3px", borderRadius: "50%", border: "2px solid var(--warn)" },
  ".cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel input, .cm-panel button": { fontFamily: "var(--sans)" },
  ".cm-textfield": { backgroundColor: "var(--surface)", border: "1px solid var(--line)", color: "var(--ink)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--surface)", border: "1px solid var(--line)", color: "var(--ink)" },
  ".cm-searchMatch": { backgroundColor: "var(--found)" },
});

function language(path) {
  if (path.endsWith(".html")) return new LanguageSupport(html);
  if (path.endsWith(".yaml")) return yaml();
  return [];
}

/** An editor of several files, each with its own undo history. */
export class Editor {
  constructor({ parent, nonce, label, readOnly, onChange, complete, onSave }) {
    this.states = new Map();
    this.path = null;
    this.options = { nonce, label, readOnly, onChange, complete, onSave };
    this.view = new EditorView({ parent, dispatch: (tr) => this.dispatch(tr), state: this.state("", "") });
  }

  state(path, doc) {
    const o = this.options;
    return EditorState.create({
      doc,
      extensions: [
        o.nonce ? EditorView.cspNonce.of(o.nonce) : [],
        lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection(), bracketMatching(),
        o.readOnly ? [EditorState.readOnly.of(true)] : [
          highlightActiveLine(), closeBrackets(), lintGutter(),
          autocompletion({ override: [(c) => this.completions(c)], icons: false, activateOnTyping: true }),
        ],
        highlightSelectionMatches(), search({ top: true }),
        indentUnit.of("  "), EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": o.label + (path ? " " + path : ""), tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
        keymap.of([
          { key: "Mod-s", preventDefault: true, run: () => { o.onSave?.(); return true; } },
          ...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap,
        ]),
        language(path), syntaxHighlighting(colours), actions, theme,
      ],
    });
  }

  dispatch(tr) {
    this.view.update([tr]);
    if (!this.path) return;
    this.states.set(this.path, this.view.state);
    if (tr.docChanged && !tr.annotation(isolateHistory)) this.options.onChange?.(this.path, tr.newDoc.toString());
  }

  completions(c) {
    const at = c.pos, text = c.state.doc.toString();
    const found = this.options.complete?.(this.path, text, at, c.explicit);
    if (!found || !found.options.length) return null;
    return {
      from: found.from, validFor: found.validFor,
      options: found.options.map((o) => ({
        label: o.label, detail: o.detail, type: o.type, boost: o.boost,
        info: o.info ? () => { const d = document.createElement("div"); d.textContent = o.info; return d; } : undefined,
        apply: o.apply === undefined ? undefined : (view, _completion, from, to) => {
          const cursor = o.cursor ?? o.apply.length;
          view.dispatch({ changes: { from, to, insert: o.apply }, selection: { anchor: from + cursor }, userEvent: "input.complete" });
          if (o.more) startCompletion(view);
        },
      })),
    };
  }

  /** has says whether a file is open in any tab. */
  has(path) { return this.states.has(path); }

  /** open makes a file known, or replaces its text as one step that can be undone. */
  open(path, text) {
    const old = this.states.get(path);
    if (!old) { this.states.set(path, this.state(path, text)); return; }
    const now = old.doc.toString();
    if (now === text) return;
    let from = 0, end = 0;
    while (from < now.length && from < text.length && now[from] === text[from]) from++;
    while (end < now.length - from && end < text.length - from && now[now.length - 1 - end] === text[text.length - 1 - end]) end++;
    const change = { changes: { from, to: now.length - end, insert: text.slice(from, text.length - end) }, annotations: isolateHistory.of("full") };
    if (path === this.path) this.view.dispatch(change);
    else this.states.set(path, old.update(change).state);
  }

  /** close forgets a file. */
  close(path) { this.states.delete(path); if (this.path === path) this.path = null; }

  show(path) {
    if (this.path === path) return;
    if (this.path) this.states.set(this.path, this.view.state);
    this.path = path;
    this.view.setState(this.states.get(path));
  }

  text(path) { return this.states.get(path)?.doc.toString(); }

  focus() { this.view.focus(); }

  /** problems marks places, [{line, column, text}], in the file that is shown. */
  problems(list) {
    const doc = this.view.state.doc;
    const marks = list.map((p) => {
      const line = doc.line(Math.min(Math.max(p.line || 1, 1), doc.lines));
      let from = line.from, to = line.to;
      if (p.column > 0) {
        from = Math.min(line.from + [...line.text].slice(0, p.column - 1).join("").length, line.to);
        const word = /^(?:[.$]?[\w.$-]+|\{\{[^}]*\}\}|<[^>]*>|.)/.exec(line.text.slice(from - line.from));
        to = word ? from + word[0].length : line.to;
      }
      return { from, to, severity: p.level ?? "error", message: p.text };
    }).sort((a, b) => a.from - b.from);
    this.view.dispatch(setDiagnostics(this.view.state, marks));
  }

  goto(line, column) {
    const doc = this.view.state.doc, l = doc.line(Math.min(Math.max(line || 1, 1), doc.lines));
    const at = Math.min(l.from + Math.max((column || 1) - 1, 0), l.to);
    this.view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    this.view.focus();
  }
}
