// What the keys for indentation and comments do.

import type { ChangeSpec, StateCommand } from "@codemirror/state";
import { EditorSelection, type EditorState, type Line } from "@codemirror/state";

const STEP = "  ";

/** Goes on in the next line as far in as this one, and a step further after what opens something. */
export const newLine: StateCommand = ({ state, dispatch }) => {
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
export const indent: StateCommand = ({ state, dispatch }) => {
  if (state.selection.main.empty) dispatch(state.update(state.replaceSelection(STEP), { userEvent: "input" }));
  else changeLines(state, dispatch, (line) => (line.text ? { from: line.from, insert: STEP } : []));
  return true;
};

/** Moves the lines of the selection out. */
export const outdent: StateCommand = ({ state, dispatch }) => {
  changeLines(state, dispatch, ({ text, from }) => ({ from, to: from + (/^(?: {1,2}|\t)/.exec(text)?.[0].length ?? 0) }));
  return true;
};

/** Makes the lines of the selection comments, or no comments any more. */
export function toggleComment(sign: string): StateCommand {
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

function changeLines(state: EditorState, dispatch: Parameters<StateCommand>[0]["dispatch"], change: (line: Line) => ChangeSpec) {
  dispatch(state.update({ changes: linesOf(state).map(change), userEvent: "input" }));
}

function linesOf({ doc, selection }: EditorState): Line[] {
  const numbers = selection.ranges.flatMap(({ from, to }) => {
    const [first, last] = [doc.lineAt(from).number, doc.lineAt(to).number];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(numbers)].map((number) => doc.line(number));
}
