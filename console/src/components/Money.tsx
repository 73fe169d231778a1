import type { Schemas } from "../api/paths";
import { fine, short } from "../format/money";

type Amount = Schemas["Money"];

/** An amount of money in a table: four decimals below each other, the last two soft; the exact amount as its title. */
export function Money({ of }: { of: Amount | null | undefined }) {
  if (!of) return <None />;
  const text = fine(of.nanos);
  const soft = text.startsWith("<") || text.startsWith("−<") ? text.length : text.length - 2;
  return (
    <span className="money" title={`$${of.usd}`} data-zero={of.nanos === 0 || undefined}>
      {text.slice(0, soft)}
      <span className="money-fine">{text.slice(soft)}</span>
    </span>
  );
}

/** An amount that stands alone. */
export function Sum({ of }: { of: Amount }) {
  return <span title={`$${of.usd}`}>{short(of.nanos)}</span>;
}

/** Where there is no value. */
export function None() {
  return (
    <span className="none" aria-label="none">
      –
    </span>
  );
}
