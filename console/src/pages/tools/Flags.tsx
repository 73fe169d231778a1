import { Badge } from "../../components/Badge";
import { flagOf } from "./change";
import { Shown } from "./Shown";

/** What a person should know of a definition before approving it. */
export function Flags({ flags, id }: { flags: string[]; id: string }) {
  return (
    <ul className="flags">
      {flags.map((flag, index) => {
        const { severity, place, what } = flagOf(flag, id);
        const isHard = severity === "refuse";
        return (
          <li key={index}>
            <Badge tone={isHard ? "bad" : "warn"}>{isHard ? "hostile" : "odd"}</Badge>
            <span>
              <Shown text={what} isName />
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
