import { X } from "lucide-react";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Filters } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { SelectField } from "../../components/SelectField";
import { Skeleton } from "../../components/Skeleton";
import { useFilters } from "../../components/useFilters";
import { STATES } from "./state";
import { TaskTable } from "./TaskTable";

/** Narrows nothing; no agent and no state can be called so. */
const ANY = "*";
const DEFAULTS = { state: ANY, agent: ANY, session: "" };
const STATE_OPTIONS = [{ id: ANY, title: "any" }, ...STATES.map((id) => ({ id, title: id }))];

/** What agents were asked to do, by people, by the clock and by each other. */
export default function Tasks() {
  const may = useMay();
  const [{ state, agent, session }, set] = useFilters(DEFAULTS);
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  const names = (agents.data?.agents ?? []).map(({ name }) => ({ id: name, title: name }));
  const query = {
    limit: 1000,
    ...(state !== ANY && { state }),
    ...(agent !== ANY && { agent }),
    ...(session && { session }),
  };
  const tasks = useGet("/api/v1/tasks", { query }, { everyMs: 5_000, keep: true });
  return (
    <Page title="Tasks" lead="What agents were asked to do: by people, by the clock, and by each other.">
      <Filters label="Tasks">
        <SelectField
          isInline
          label="State"
          options={STATE_OPTIONS}
          value={state}
          onChange={(chosen) => set({ state: chosen })}
        />
        <SelectField
          isInline
          label="Agent"
          options={[{ id: ANY, title: "any" }, ...names]}
          value={agent}
          onChange={(chosen) => set({ agent: chosen })}
        />
        {session && (
          <Button icon={X} onPress={() => set({ session: "" })} aria-label="Of one session. Show those of all">
            Of one session
          </Button>
        )}
      </Filters>
      <Loaded of={tasks} skeleton={<Skeleton kind="row" rows={10} />}>
        {(data) => (
          <TaskTable
            tasks={data.tasks}
            empty={
              <Empty title="No task matches">
                <p>Each message to an agent, each time of a schedule and each part of work given away is a task.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
