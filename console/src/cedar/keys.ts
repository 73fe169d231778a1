// What keys do that the browser does not do rightly: it knows only the lines in sight and nothing of indentation, and
// keeps the looks of what it removes by inline styles, which the policy for the content of pages refuses.

import { EditorSelection, type ChangeSpec, type EditorState, type Line, type StateCommand } from "@codemirror/state";
import { EditorView, type Command, type KeyBinding } from "@codemirror/view";

const STEP = "  ";

/** The keys of a file whose comments begin with a sign. */
export function keys(sign: string): KeyBinding[] {
  return [
    { key: "Tab", run: indent, shift: outdent },
    { key: "Enter", run: newLine },
    { key: "Mod-/", run: toggleComment(sign) },
    { key: "Mod-a", run: selecting(({ doc }) => [0, doc.length]) },
    ...ends("Mod-Home", "Cmd-ArrowUp", () => 0),
    ...ends("Mod-End", "Cmd-ArrowDown", ({ doc }) => doc.length),
    ...["Backspace", "Mod-Backspace", "Shift-Backspace"].map((key) => ({ key, run: remove(-1) })),
    ...["Delete", "Mod-Delete"].map((key) => ({ key, run: remove(1) })),
    { key: "PageUp", run: page(false, false), shift: page(false, true) },
    { key: "PageDown", run: page(true, false), shift: page(true, true) },
  ];
}

/** Writes over what is selected. */
export const overwriting = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    if (event.inputType !== "insertText" || !event.data || state.selection.main.empty || state.readOnly) return false;
    view.dispatch(state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

/** The way to an end of the file. */
function ends(key: string, mac: string, to: (state: EditorState) => number): KeyBinding[] {
  const run = selecting((state) => [to(state), to(state)]);
  const shift = selecting((state) => [state.selection.main.anchor, to(state)]);
  return [{ key, mac, run, shift }];
}

function selecting(of: (state: EditorState) => [anchor: number, head: number]): StateCommand {
  return ({ state, dispatch }) => {
    const [anchor, head] = of(state);
    dispatch(state.update({ selection: { anchor, head }, scrollIntoView: true, userEvent: "select" }));
    return true;
  };
}

/** Removes what is selected, or the end of a line at its edge. Within a line the browser does it. */
function remove(step: 1 | -1): StateCommand {
  return ({ state, dispatch }) => {
    const { head, empty } = state.selection.main;
    const line = state.doc.lineAt(head);
    const edge = step < 0 ? line.from : line.to;
    if (empty && (head !== edge || head + step < 0 || head + step > state.doc.length)) return false;
    const gone = { from: Math.min(head, head + step), to: Math.max(head, head + step) };
    const change = empty ? { changes: gone } : state.replaceSelection("");
    dispatch(state.update(change, { scrollIntoView: true, userEvent: "delete" }));
    return true;
  };
}

/** Moves by what is in sight. */
function page(isForward: boolean, isSelecting: boolean): Command {
  return (view) => {
    const { main } = view.state.selection;
    const { head } = view.moveVertically(main, isForward, view.scrollDOM.clientHeight);
    const selection = { anchor: isSelecting ? main.anchor : head, head };
    view.dispatch({ selection, scrollIntoView: true, userEvent: "select" });
    return true;
  };
}

/** Goes on in the next line as far in as this one, and a step further after what opens something. */
const newLine: StateCommand = ({ state, dispatch }) => {
  const changed = state.changeByRange(({ from, to }) => {
    const { text, from: start } = state.doc.lineAt(from);
    const before = text.slice(0, from - start);
    const insert = `\n${/^\s*/.exec(before)?.[0] ?? ""}${/[{([]\s*$/.test(before) ? STEP : ""}`;
    return { changes: { from, to, insert }, range: EditorSelection.cursor(from + insert.length) };
  });
  dispatch(state.update(changed, { scrollIntoView: true, userEvent: "input" }));
  return true;
};

/** Moves the lines of the selection in; without one, goes on to the next step. */
const indent: StateCommand = ({ state, dispatch }) => {
  if (state.selection.main.empty) dispatch(state.update(state.replaceSelection(STEP), { userEvent: "input" }));
  else changeLines(state, dispatch, (line) => (line.text ? { from: line.from, insert: STEP } : []));
  return true;
};

/** Moves the lines of the selection out. */
const outdent: StateCommand = ({ state, dispatch }) => {
  changeLines(state, dispatch, ({ text, from }) => ({
    from,
    to: from + (/^(?: {1,2}|\t)/.exec(text)?.[0].length ?? 0),
  }));
  return true;
};

/** Makes the lines of the selection comments, or no comments any more. */
function toggleComment(sign: string): StateCommand {
  return ({ state, dispatch }) => {
    const lines = linesOf(state).filter(({ text }) => text.trim() !== "");
    const isOn = lines.every(({ text }) => text.trimStart().startsWith(sign));
    changeLines(state, dispatch, ({ text, from }) => {
      const start = from + text.length - text.trimStart().length;
      if (text.trim() === "") return [];
      if (!isOn) return { from: start, insert: `${sign} ` };
      const length = text.trimStart().startsWith(`${sign} `) ? sign.length + 1 : sign.length;
      return { from: start, to: start + length };
    });
    return true;
  };
}

function changeLines(
  state: EditorState,
  dispatch: Parameters<StateCommand>[0]["dispatch"],
  change: (line: Line) => ChangeSpec,
) {
  dispatch(state.update({ changes: linesOf(state).map(change), userEvent: "input" }));
}

function linesOf({ doc, selection }: EditorState): Line[] {
  const numbers = selection.ranges.flatMap(({ from, to }) => {
    const [first, last] = [doc.lineAt(from).number, doc.lineAt(to).number];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(numbers)].map((number) => doc.line(number));
}
