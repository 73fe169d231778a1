import { UserPlus } from "lucide-react";
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
import { NewPersonDialog } from "./NewPersonDialog";
import { PersonTable } from "./PersonTable";

const DEFAULTS = { search: "", show: "live" };

const SHOW = [
  { id: "live", title: "Live" },
  { id: "removed", title: "Removed" },
  { id: "all", title: "All" },
];

/** Who may administer: admin tokens, with the name and the groups that each speaks for. */
export default function People() {
  const may = useMay();
  const [{ search, show }, set] = useFilters(DEFAULTS);
  const [isOpen, setOpen] = useState(false);
  const people = useGet("/api/v1/people", {});
  const words = search.trim().toLowerCase();
  return (
    <Page
      title="People"
      lead="Who may use this console and the admin API. Each has tokens, and groups that policies decide by."
      actions={
        may("person.add") && (
          <Button kind="primary" icon={UserPlus} onPress={() => setOpen(true)}>
            Add person
          </Button>
        )
      }
    >
      <Filters label="People">
        <SearchFilter label="Search names and groups" value={search} onChange={(text) => set({ search: text })} />
        <ChoiceFilter label="Show" options={SHOW} value={show} onChange={(chosen) => set({ show: chosen })} />
      </Filters>
      <Loaded of={people} skeleton={<Skeleton kind="row" rows={5} />}>
        {(data) => (
          <PersonTable
            people={data.people.filter(
              ({ name, groups, revoked_at }) =>
                [name, ...groups].join(" ").includes(words) &&
                (show === "all" || (show === "removed") === Boolean(revoked_at)),
            )}
            empty={<Empty title={show === "removed" ? "Nobody like that was removed" : "Nobody is like that"} />}
          />
        )}
      </Loaded>
      {isOpen && <NewPersonDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}
