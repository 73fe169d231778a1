import { Rocket } from "lucide-react";
import { Link } from "wouter";

import { Empty } from "../../components/Empty";

/** In place of figures, while nothing was ever called. */
export function Begin() {
  return (
    <div className="panel">
      <Empty title="Nothing was called yet">
        <p>
          Connect a model, create an agent with its key, send the first message, and see what it cost. It takes about
          two minutes.
        </p>
        <Link href="/start" className="button" data-kind="primary">
          <Rocket aria-hidden="true" />
          Send the first message
        </Link>
      </Empty>
    </div>
  );
}
