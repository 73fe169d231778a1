import { PageLink } from "../../components/PageLink";

/** Policies by their ids, each of which leads to what it said in the commit that decided. */
export function PolicyLinks({ ids, commit }: { ids: string[]; commit: string }) {
  if (ids.length === 0) return <span className="none">none</span>;
  return (
    <span className="badges">
      {ids.map((id) => (
        <code key={id}>
          <PageLink to={`/policies/at/${commit}/${encodeURIComponent(id)}`}>{id}</PageLink>
        </code>
      ))}
    </span>
  );
}
