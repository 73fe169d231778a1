import { Plus } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { useFilters } from "../../components/useFilters";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { KeyTable } from "./KeyTable";
import { NewKeyDialog } from "./NewKeyDialog";

const STATES = ["live", "expired", "revoked", "all"].map((id) => ({ id, title: id }));
const DEFAULTS = { search: "", state: "live" };

/** Keys of all agents. The keys themselves are nowhere: the server keeps keyed hashes. */
export default function Keys() {
  const may = useMay();
  const [{ search, state }, set] = useFilters(DEFAULTS);
  const [isOpen, setOpen] = useState(false);
  const keys = useGet("/api/v1/keys", {});
  return (
    <Page
      title="Keys"
      lead="What agents authenticate with. A key is shown once, when it is made."
      actions={
        may("key.create") && (
          <Button kind="primary" icon={Plus} onPress={() => setOpen(true)}>
            Create key
          </Button>
        )
      }
    >
      <Filters label="Keys">
        <ChoiceFilter label="State" options={STATES} value={state} onChange={(chosen) => set({ state: chosen })} />
        <SearchFilter label="Search agents and ids" value={search} onChange={(text) => set({ search: text })} />
      </Filters>
      <Loaded of={keys} skeleton={<Skeleton kind="row" rows={6} />}>
        {(data) => (
          <KeyTable
            keys={data.keys.filter(
              (key) => (state === "all" || key.state === state) && `${key.agent} ${key.id}`.includes(search),
            )}
          />
        )}
      </Loaded>
      {isOpen && <NewKeyDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}
