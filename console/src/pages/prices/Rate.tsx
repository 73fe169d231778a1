import type { Schemas } from "../../api/paths";
import { None } from "../../components/Money";

/** An exact amount, with cents at least: prices are never rounded. */
export function Rate({ of }: { of: Schemas["Money"] | null | undefined }) {
  if (!of) return <None />;
  return <span className="money" data-zero={of.nanos === 0 || undefined}>{`$${of.usd}`}</span>;
}
