import { Badge } from "../../components/Badge";
import { flagOf } from "./change";
import { Shown } from "./Shown";

/** What a person should know of a definition before approving it. */
export function Flags({ flags, id }: { flags: string[]; id: string }) {
  return (
    <ul className="tool-flags">
      {[...new Set(flags)].map((flag) => {
        const { severity, place, what } = flagOf(flag, id);
        const isHard = severity === "refuse";
        return (
          <li key={flag}>
            <Badge tone={isHard ? "bad" : "warn"}>{isHard ? "hostile" : "odd"}</Badge>
            <span>
              <Words of={what} />
            </span>
            {place && (
              <code className="soft">
                <Shown text={place} />
              </code>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** What stands in backticks is of the definition. */
function Words({ of }: { of: string }) {
  return (
    <>
      {of.split("`").map((part, index) =>
        index % 2 === 1 ? (
          <code key={index}>
            <Shown text={part} isName />
          </code>
        ) : (
          <Shown key={index} text={part} />
        ),
      )}
    </>
  );
}
