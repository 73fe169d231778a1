import { absolute, clock } from "../format/time";
import { useNow } from "./Time";

/** When something was, to the second as long as that is near, for rows that are seconds apart; the exact instant as its title. */
export function Clock({ at }: { at: string }) {
  const now = useNow();
  const instant = Date.parse(at);
  return (
    <time dateTime={at} title={absolute(instant)}>
      {clock(instant, now)}
    </time>
  );
}
