import type { Option } from "../../components/SelectField";

/** Stands for no choice; nothing that is chosen among can be called so. */
export const ANY = "*";

/** Each name once, behind the choice of none. What is chosen is there even if nothing else has its name any more. */
export function optionsOf(names: readonly string[], chosen = ""): Option[] {
  const known = new Set([...names, chosen].filter(Boolean));
  return [{ id: ANY, title: "any" }, ...[...known].map((id) => ({ id, title: id }))];
}
