// One editor of CodeMirror and what is done to it.

import { history, historyKeymap } from "@codemirror/commands";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";

import { colours } from "./colours";
import { completion } from "./completion";
import { faults } from "./faults";
import { keys, overwriting } from "./keys";
import { THEME } from "./theme";

interface ViewSpec {
  root: ShadowRoot;
  path: string;
  text: string;
  isReadOnly: boolean;
  onChange: (text: string) => void;
}

export function makeView({ root, path, text, isReadOnly, onChange }: ViewSpec): EditorView {
  const extensions: Extension[] = [
    faults,
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    colours(path),
    THEME,
    EditorState.readOnly.of(isReadOnly),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": path, tabindex: "0" }),
    path.endsWith(".cedar") ? completion : [],
    overwriting,
    // That Escape and then Tab leave the editor, CodeMirror sees to.
    keymap.of([...keys(path.endsWith(".toml") ? "#" : "//"), ...historyKeymap]),
    EditorView.updateListener.of(({ docChanged, transactions, state }) => {
      const isOurs = transactions.some((transaction) => transaction.isUserEvent("set"));
      if (docChanged && !isOurs) onChange(state.doc.toString());
    }),
  ];
  return new EditorView({ root, parent: root, doc: text, extensions });
}

/** Puts another text in, where it is another one; what was typed comes back as the same. */
export function setText(view: EditorView, text: string): void {
  const { doc } = view.state;
  if (doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, userEvent: "set" });
}

/** Brings a line into sight and puts the cursor there. */
export function reveal(view: EditorView, line: number): void {
  const { doc } = view.state;
  const { from } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
  view.focus();
}
