// Money for people. Amounts are whole nano-dollars, as everywhere in the project.

const NANOS = 1_000_000_000;

const WHOLE = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const CENTS = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const FINE = new Intl.NumberFormat("en", { style: "currency", currency: "USD", minimumFractionDigits: 4 });

/** The least that `fine` can tell from nothing: a hundredth of a cent. */
const FINE_NANOS_MIN = NANOS / 10_000;

/** To a hundredth of a cent, as single calls need it: `$0.0123`. What is less and not nothing is `<$0.0001`. */
export function fine(nanos: number): string {
  if (nanos !== 0 && Math.abs(nanos) < FINE_NANOS_MIN) return nanos < 0 ? "−<$0.0001" : "<$0.0001";
  return FINE.format(nanos / NANOS);
}

/** For headlines: cents, or a hundredth of a cent of what is less than a dollar. */
export function short(nanos: number): string {
  return nanos !== 0 && Math.abs(nanos) < NANOS ? fine(nanos) : CENTS.format(nanos / NANOS);
}

/** For the axis of a chart whose labels are `step` apart. */
export function axis(nanos: number, step: number): string {
  if (step >= NANOS) return WHOLE.format(nanos / NANOS);
  const digits = Math.min(9, Math.max(2, Math.ceil(-Math.log10(step / NANOS))));
  return `$${(nanos / NANOS).toFixed(digits)}`;
}

/** An amount as the API has it, of whole nano-dollars. */
export function exact(nanos: number): { nanos: number; usd: string } {
  const digits = Math.abs(nanos).toString().padStart(10, "0");
  const cents = digits.slice(-9).replace(/0{1,7}$/, "");
  return { nanos, usd: `${nanos < 0 ? "-" : ""}${digits.slice(0, -9)}.${cents}` };
}
