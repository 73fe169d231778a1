import { PageLink } from "../../components/PageLink";

/** Policies by their ids, each of which leads to where it is written. */
export function PolicyLinks({ ids }: { ids: string[] }) {
  if (ids.length === 0) return <span className="none">none</span>;
  return (
    <span className="badges">
      {ids.map((id) => (
        <code key={id}>
          <PageLink to={`/policies?${new URLSearchParams({ policy: id })}`}>{id}</PageLink>
        </code>
      ))}
    </span>
  );
}
