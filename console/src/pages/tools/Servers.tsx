import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

import { Dot, type Tone } from "../../components/Badge";
import { counted } from "../../format/number";
import { stateOf, type Tool } from "./state";

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
      className="servers"
      aria-label="Servers"
      selectionMode="single"
      selectedKeys={chosen === "" ? [] : [chosen]}
      onSelectionChange={(keys) => onChoose([...keys].map(String)[0] ?? "")}
    >
      {servers.map((name) => {
        const own = tools.filter(({ server }) => server === name);
        return (
          <ToggleButton key={name} id={name} className="server">
            <strong>{name}</strong>
            <span className="soft">{counted(own.length, "tool")}</span>
            <Worst of={own} />
          </ToggleButton>
        );
      })}
    </ToggleButtonGroup>
  );
}

/** What most wants a look, with how many tools are so. */
function Worst({ of }: { of: Tool[] }) {
  const states = of.map(stateOf);
  for (const word of ["drifted", "quarantined", "rejected"]) {
    const alike = states.filter((state) => state.word === word);
    const [first] = alike;
    if (first) return <Line tone={first.tone}>{`${alike.length} ${word}`}</Line>;
  }
  return <Line tone="good">as pinned</Line>;
}

function Line({ tone, children }: { tone: Tone; children: string }) {
  return <Dot tone={tone}>{children}</Dot>;
}
