// What is wrong, marked in the editor: underlined, with a dot beside its line, and told where the pointer rests.

import { RangeSet, StateEffect, StateField, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, gutter, GutterMarker, hoverTooltip, type DecorationSet } from "@codemirror/view";

import type { Problem } from "./problem";

interface Marked {
  severity: Problem["severity"];
  message: string;
  from: number;
  to: number;
}

interface Faults {
  marks: DecorationSet;
  dots: RangeSet<GutterMarker>;
}

const SET = StateEffect.define<readonly Marked[]>();

const FAULTS = StateField.define<Faults>({
  create: () => ({ marks: Decoration.none, dots: RangeSet.empty }),
  update({ marks, dots }, { changes, effects, state }) {
    const set = effects.find((effect) => effect.is(SET));
    return set ? placed(state.doc, set.value as Marked[]) : { marks: marks.map(changes), dots: dots.map(changes) };
  },
  provide: (field) => EditorView.decorations.from(field, ({ marks }) => marks),
});

class Dot extends GutterMarker {
  constructor(
    readonly severity: Problem["severity"],
    readonly message: string,
  ) {
    super();
  }

  override eq(other: Dot): boolean {
    return other.severity === this.severity && other.message === this.message;
  }

  override toDOM(): Node {
    const dot = document.createElement("div");
    dot.className = `fault-dot fault-${this.severity}`;
    dot.title = this.message;
    return dot;
  }
}

export const faults: Extension = [
  FAULTS,
  gutter({ class: "fault-gutter", markers: ({ state }) => state.field(FAULTS).dots }),
  hoverTooltip(({ state }, at) => {
    const found: { from: number; to: number; spec: { message?: string } }[] = [];
    state.field(FAULTS).marks.between(at, at, (from, to, { spec }) => void found.push({ from, to, spec }));
    const first = found[0];
    if (!first) return null;
    return {
      pos: first.from,
      end: first.to,
      above: true,
      create: () => ({ dom: told(found.map(({ spec }) => spec.message ?? "")) }),
    };
  }),
];

/** Marks what is wrong in place of what was marked before. */
export function mark(view: EditorView, problems: readonly Problem[]): void {
  const { doc } = view.state;
  view.dispatch({ effects: SET.of(problems.map((problem) => markedOf(doc, problem))) });
}

function placed(doc: Text, all: readonly Marked[]): Faults {
  const marks = all.map(({ severity, message, from, to }) =>
    Decoration.mark({ class: `fault fault-${severity}`, message }).range(from, to),
  );
  const byLine = new Map<number, Marked[]>();
  for (const marked of all) {
    const { from } = doc.lineAt(marked.from);
    byLine.set(from, [...(byLine.get(from) ?? []), marked]);
  }
  const dots = [...byLine].map(([from, found]) => dotOf(found).range(from));
  return { marks: Decoration.set(marks, true), dots: RangeSet.of(dots, true) };
}

/** A line has one dot, whatever is wrong in it. */
function dotOf(found: readonly Marked[]): Dot {
  const isError = found.some(({ severity }) => severity === "error");
  return new Dot(isError ? "error" : "warning", found.map(({ message }) => message).join("\n"));
}

/** The place of a problem in what is written now; never empty, so that it can be seen. */
function markedOf(doc: Text, { severity, message, fix, ...place }: Problem): Marked {
  const line = doc.line(Math.min(Math.max(place.line ?? 1, 1), doc.lines));
  const from = Math.min(place.from ?? line.from, Math.max(doc.length - 1, 0));
  const to = Math.min(Math.max(place.to ?? line.to, from + 1), doc.length);
  return { severity, message: fix ? `${message}; ${fix}` : message, from: Math.min(from, to), to };
}

function told(messages: string[]): HTMLElement {
  const dom = document.createElement("div");
  for (const message of messages) {
    const line = document.createElement("p");
    line.textContent = message;
    dom.append(line);
  }
  dom.className = "fault-told";
  return dom;
}
