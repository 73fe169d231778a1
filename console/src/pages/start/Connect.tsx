import { Plus } from "lucide-react";
import { useState } from "react";

import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Badge, Dot } from "../../components/Badge";
import { Button } from "../../components/Button";
import { ChoiceFilter } from "../../components/Filters";
import { PageLink } from "../../components/PageLink";
import { counted } from "../../format/number";
import { healthTone } from "../providers/health";
import { ConnectCloud } from "./ConnectCloud";
import { ConnectLocal } from "./ConnectLocal";
import { Trouble } from "./Step";

type Health = Schemas["ProviderHealth"];

const WAYS = [
  { id: "local", title: "A model of your own" },
  { id: "cloud", title: "A provider" },
];

interface ConnectProps {
  providers: Health[];
  isConnected: boolean;
  /** Called with the id of a model that was registered here. */
  onModel: (id: string) => void;
}

export function Connect({ providers, isConnected, onModel }: ConnectProps) {
  const may = useMay();
  const [way, setWay] = useState("local");
  // Once it is connected by this form, the form stays: it says what was done.
  const [isMore, setMore] = useState(false);
  const mayConnect = may("provider.add") && may("model.add");

  function take(id: string) {
    setMore(true);
    onModel(id);
  }

  return (
    <div className="stack">
      <ul className="start-list">
        {providers.map((known) => (
          <Known key={known.provider.name} of={known} />
        ))}
      </ul>
      {mayConnect ? (
        <>
          {isConnected && !isMore ? (
            <Button icon={Plus} onPress={() => setMore(true)}>
              Connect another
            </Button>
          ) : (
            <>
              <ChoiceFilter label="Connect" options={WAYS} value={way} onChange={setWay} />
              {way === "local" ? <ConnectLocal onModel={take} /> : <ConnectCloud onModel={take} />}
            </>
          )}
        </>
      ) : (
        <p>Policy does not permit you to connect providers: ask an administrator, or go on with what is there.</p>
      )}
      <Trouble>
        <li>
          <strong>Does not answer:</strong> its address is wrong, or the server's machine does not reach it. Try the
          address with curl on that machine.
        </li>
        <li>
          <strong>Refuses the key:</strong> the key is of another account, or was revoked. Keys are read when a provider
          is added and when the server starts: change it there.
        </li>
        <li>
          <strong>Its key is not there:</strong> export the variable where the server is started and start it again, or
          write the key into a file and name it <code>file:/path</code>.
        </li>
        <li>
          All that can be set is on <PageLink to="/providers">Providers</PageLink> and{" "}
          <PageLink to="/models">Models</PageLink>.
        </li>
      </Trouble>
    </div>
  );
}

function Known({ of: { provider, health } }: { of: Health }) {
  return (
    <li className="fact-line">
      <Dot tone={healthTone(health)}>
        <strong>{provider.name}</strong>
      </Dot>
      <span className="soft">
        {health ?? "asking"}, {counted(provider.models, "model")}
      </span>
      {provider.simulator && <Badge tone="warn">invents its answers</Badge>}
      {!provider.ready && <Badge tone="bad">its key is not there</Badge>}
      {provider.simulator && <span className="soft">It costs nothing, and is enough for these steps.</span>}
    </li>
  );
}
