// A list of what can stand at the cursor, opened by typing or by Ctrl and Space.

import { StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, showTooltip, type Command, type Tooltip } from "@codemirror/view";

import { choicesAfter, matching, written, type Choice } from "./complete";
import type { Vocabulary } from "./vocabulary";

interface Open {
  from: number;
  choices: Choice[];
  chosen: number;
}

const SET_WORDS = StateEffect.define<Vocabulary | null>();
const OPEN = StateEffect.define<Open | null>();
const LIST = "choices";

/** What is known of the schema. */
const WORDS = StateField.define<Vocabulary | null>({
  create: () => null,
  update: (words, { effects }) =>
    effects.reduce((known, effect) => (effect.is(SET_WORDS) ? effect.value : known), words),
});

const STATE = StateField.define<Open | null>({
  create: () => null,
  update(open, transaction) {
    for (const effect of transaction.effects) if (effect.is(OPEN)) return effect.value;
    if (transaction.docChanged) {
      const isTyped = transaction.isUserEvent("input.type") || (open && transaction.isUserEvent("delete"));
      return isTyped ? opened(transaction.state) : null;
    }
    return transaction.selection ? null : open;
  },
  provide: (field) => [
    showTooltip.from(field, (open): Tooltip | null => open && { pos: open.from, create: (view) => listOf(view, open) }),
    EditorView.contentAttributes.from(field, (open) => ({
      "aria-autocomplete": "list",
      ...(open && { "aria-controls": LIST, "aria-activedescendant": `${LIST}-${open.chosen}` }),
    })),
  ],
});

export const completion: Extension = [
  WORDS,
  STATE,
  keymap.of([
    { key: "Ctrl-Space", run: (view) => (view.dispatch({ effects: OPEN.of(opened(view.state)) }), true) },
    { key: "ArrowDown", run: whileOpen((view, open) => choose(view, open, 1)) },
    { key: "ArrowUp", run: whileOpen((view, open) => choose(view, open, -1)) },
    { key: "Enter", run: whileOpen((view, open) => take(view, open, open.chosen)) },
    { key: "Tab", run: whileOpen((view, open) => take(view, open, open.chosen)) },
    { key: "Escape", run: whileOpen((view) => view.dispatch({ effects: OPEN.of(null) })) },
  ]),
  EditorView.domEventHandlers({ blur: (_, view) => view.dispatch({ effects: OPEN.of(null) }) }),
];

export function setWords(view: EditorView, words: Vocabulary | null): void {
  view.dispatch({ effects: SET_WORDS.of(words) });
}

function opened(state: EditorState): Open | null {
  const words = state.field(WORDS);
  const { head, empty } = state.selection.main;
  if (!words || !empty || state.readOnly) return null;
  const found = choicesAfter(state.sliceDoc(0, head), words);
  if (!found) return null;
  const from = head - found.length;
  const choices = matching(found.choices, state.sliceDoc(from, head));
  return choices.length > 0 ? { from, choices, chosen: 0 } : null;
}

function whileOpen(act: (view: EditorView, open: Open) => void): Command {
  return (view) => {
    const open = view.state.field(STATE);
    if (open) act(view, open);
    return open !== null;
  };
}

function choose(view: EditorView, open: Open, step: number): void {
  const chosen = (open.chosen + step + open.choices.length) % open.choices.length;
  view.dispatch({ effects: OPEN.of({ ...open, chosen }) });
}

function take(view: EditorView, { from, choices }: Open, at: number): void {
  const choice = choices[at];
  if (!choice) return;
  const { head } = view.state.selection.main;
  const { text, anchor, length } = written(choice, view.state.sliceDoc(head, head + 1));
  view.dispatch({
    changes: { from, to: head, insert: text },
    selection: { anchor: from + anchor, head: from + anchor + length },
    effects: OPEN.of(null),
    userEvent: "input.complete",
    scrollIntoView: true,
  });
}

function listOf(view: EditorView, open: Open) {
  const dom = document.createElement("ul");
  dom.className = "choices";
  dom.id = LIST;
  dom.role = "listbox";
  dom.ariaLabel = "What can stand here";
  const rows = open.choices.map(({ label, detail = "" }, index) => {
    const row = document.createElement("li");
    row.role = "option";
    row.id = `${LIST}-${index}`;
    row.ariaSelected = String(index === open.chosen);
    const about = document.createElement("span");
    about.textContent = detail;
    row.append(label, about);
    row.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(view, open, index);
    });
    return row;
  });
  dom.append(...rows);
  return { dom, mount: () => rows[open.chosen]?.scrollIntoView({ block: "nearest" }) };
}
