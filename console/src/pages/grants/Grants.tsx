import { Plus } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { useFilters } from "../../components/useFilters";
import { GrantTable } from "./GrantTable";
import { NewGrantDialog } from "./NewGrantDialog";

const DEFAULTS = { search: "", state: "live" };

const STATES = [
  { id: "live", title: "Live" },
  { id: "expired", title: "Expired" },
  { id: "revoked", title: "Revoked" },
  { id: "all", title: "All" },
];

/** Capability grants: what a task gets in place of an agent's key. */
export default function Grants() {
  const may = useMay();
  const [{ search, state }, set] = useFilters(DEFAULTS);
  const [isOpen, setOpen] = useState(false);
  const grants = useGet("/api/v1/grants", {}, { everyMs: 30_000 });
  const words = search.trim();
  const make = may("grant.create") && (
    <Button kind="primary" icon={Plus} onPress={() => setOpen(true)}>
      Make grant
    </Button>
  );
  return (
    <Page
      title="Grants"
      lead="What a task gets in place of a key: less than its agent may do, for a while, and it can be taken back."
      actions={make}
    >
      <Filters label="Grants">
        <SearchFilter label="Search agents and ids" value={search} onChange={(text) => set({ search: text })} />
        <ChoiceFilter label="State" options={STATES} value={state} onChange={(chosen) => set({ state: chosen })} />
      </Filters>
      <Loaded of={grants} skeleton={<Skeleton kind="row" rows={5} />}>
        {(data) => (
          <GrantTable
            grants={data.grants.filter(
              (grant) =>
                (state === "all" || grant.state === state) &&
                [grant.agent, grant.id, grant.task, grant.run, grant.session].join(" ").includes(words),
            )}
            empty={
              data.grants.length === 0 ? (
                <Empty title="No grant was made yet">
                  <p>
                    Give a task a grant instead of the agent's key: what leaks then is small, and ends by the clock.
                  </p>
                  {make}
                </Empty>
              ) : (
                <Empty title="No grant is like that" />
              )
            }
          />
        )}
      </Loaded>
      {isOpen && <NewGrantDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}
