import { number, pieces, type Hidden } from "./hidden";

const MEANS: Record<Hidden, string> = {
  control: "a control character: it moves or colours what a terminal shows",
  direction: "it changes the direction in which text is shown",
  tag: "it spells letters that nothing shows",
  variation: "it picks a variant of the character before it, and can carry any bytes",
  "no width": "it has no width",
  private: "it has no meaning that is agreed",
  foreign: "it is no ASCII letter, and may look like one",
};

interface ShownProps {
  text: string;
  /** Whether letters beyond ASCII are marked too. */
  isName?: boolean;
}

/** A stranger's text, as text, with what is hidden in it made visible. */
export function Shown({ text, isName = false }: ShownProps) {
  return (
    <bdi>
      {pieces(text, isName).map(({ text: piece, hidden }, index) =>
        hidden ? (
          <span key={index} className="hidden-character" title={`${told(piece, hidden)}: ${MEANS[hidden]}`}>
            {piece}
          </span>
        ) : (
          piece
        ),
      )}
    </bdi>
  );
}

/** JSON of a stranger. */
export function ShownJson({ value, label }: { value: unknown; label: string }) {
  return (
    <pre className="json" role="region" aria-label={label} tabIndex={0}>
      <Shown text={JSON.stringify(value, null, 2) ?? "null"} />
    </pre>
  );
}

function told(piece: string, hidden: Hidden): string {
  return hidden === "foreign" ? number(piece) : piece;
}
