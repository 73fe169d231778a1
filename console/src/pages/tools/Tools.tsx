import "./tools.css";

import { useGet } from "../../api/hooks";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { useFilters } from "../../components/useFilters";
import { Servers } from "./Servers";
import { isShadowed, stateOf, type Tool } from "./state";
import { ToolTable } from "./ToolTable";

const DEFAULTS = { search: "", server: "", show: "all" };

const SHOW = [
  { id: "all", title: "All" },
  { id: "open", title: "To decide" },
  { id: "offered", title: "Offered" },
  { id: "flagged", title: "Flagged" },
];

/** What agents may call, and where that stands. */
export default function Tools() {
  const [{ search, server, show }, set] = useFilters(DEFAULTS);
  const tools = useGet("/api/v1/tools", {}, { everyMs: 30_000 });
  return (
    <Page
      title="Tools"
      lead="Agents are offered only definitions that somebody read, and a call goes through only while the server still gives the same."
    >
      <Loaded of={tools} skeleton={<Skeleton kind="row" rows={10} />}>
        {(data) => (
          <>
            <Servers tools={data.tools} chosen={server} onChoose={(name) => set({ server: name })} />
            <Filters label="Tools">
              <SearchFilter label="Search tools" value={search} onChange={(text) => set({ search: text })} />
              <ChoiceFilter label="Show" options={SHOW} value={show} onChange={(chosen) => set({ show: chosen })} />
            </Filters>
            <ToolTable
              tools={data.tools.filter(
                (tool) =>
                  tool.id.toLowerCase().includes(search.trim().toLowerCase()) &&
                  (server === "" || tool.server === server) &&
                  isShown(tool, show),
              )}
              empty={data.tools.length === 0 ? <NoTools /> : <Empty title="No tool is like that" />}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function isShown(tool: Tool, show: string): boolean {
  if (show === "open") return stateOf(tool).isOpen;
  if (show === "offered") return tool.offered !== "none" && !tool.hidden;
  if (show === "flagged") return tool.flags.length > 0 || isShadowed(tool);
  return true;
}

function NoTools() {
  return (
    <Empty title="There is no tool server yet">
      <p>
        Write one into <code>tools/NAME.toml</code> of the tree, then <code>orchestack tool pin NAME --tree tree</code>{" "}
        asks it what its tools are. Read what that wrote, and commit it.
      </p>
    </Empty>
  );
}
