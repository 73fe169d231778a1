import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

import { Dot } from "../../components/Badge";
import { counted } from "../../format/number";
import { stateOf, type Tool } from "./state";

const WANT_A_LOOK = ["drifted", "quarantined", "rejected"];

interface ServersProps {
  tools: Tool[];
  /** The server whose tools are shown; all where empty. */
  chosen: string;
  onChoose: (server: string) => void;
}

/** Tool servers by what is to be decided of them; one that is chosen narrows the table below. */
export function Servers({ tools, chosen, onChoose }: ServersProps) {
  const servers = [...new Set(tools.map(({ server }) => server))];
  if (servers.length === 0) return null;
  return (
    <ToggleButtonGroup
      className="tool-servers"
      aria-label="Servers"
      selectionMode="single"
      selectedKeys={chosen === "" ? [] : [chosen]}
      onSelectionChange={(keys) => onChoose([...keys].map(String)[0] ?? "")}
    >
      {servers.map((name) => {
        const own = tools.filter(({ server }) => server === name);
        return (
          <ToggleButton key={name} id={name} className="tool-server">
            <strong>{name}</strong>
            <span className="soft">{counted(own.length, "tool")}</span>
            <Standing of={own} />
          </ToggleButton>
        );
      })}
    </ToggleButtonGroup>
  );
}

/** What wants a look, with how many tools are so. */
function Standing({ of }: { of: Tool[] }) {
  const words = of.map((tool) => stateOf(tool).word);
  const found = WANT_A_LOOK.map((word) => ({ word, count: words.filter((known) => known === word).length }));
  const told = found.filter(({ count }) => count > 0).map(({ word, count }) => `${count} ${word}`);
  if (told.length === 0) return <Dot tone="good">nothing to decide</Dot>;
  return <Dot tone={words.includes("quarantined") && told.length === 1 ? "warn" : "bad"}>{told.join(", ")}</Dot>;
}
