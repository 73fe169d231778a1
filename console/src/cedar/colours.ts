// Colours of what is written, as marks in the editor.

import type { Extension } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet } from "@codemirror/view";

import { tokensOf } from "./tokens";

const MARKS = new Map<string, Decoration>();

export function colours(path: string): Extension {
  return ViewPlugin.define(
    (view) => ({
      marks: marksOf(path, view),
      update({ docChanged, view: changed }) {
        if (docChanged) this.marks = marksOf(path, changed);
      },
    }),
    { decorations: ({ marks }) => marks },
  );
}

function marksOf(path: string, view: EditorView): DecorationSet {
  return Decoration.set(
    tokensOf(path, view.state.doc.toString()).map(({ from, to, kind }) => markOf(kind).range(from, to)),
  );
}

function markOf(kind: string): Decoration {
  const mark = MARKS.get(kind) ?? Decoration.mark({ class: `code-${kind}` });
  MARKS.set(kind, mark);
  return mark;
}
