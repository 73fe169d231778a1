import "./breakglass.css";

import { Siren } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import { useMay, useSession, useSessionAnew } from "../../api/session";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { AskDialog } from "./AskDialog";
import { Term } from "./Term";

/** Emergency rights: two others give them, the clock ends them, and all that is done under them is marked. */
export default function BreakGlass() {
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const maySee = may("break_glass.list");
  const terms = useGet("/api/v1/break-glass", maySee ? {} : null, { everyMs: 5_000 });
  const { person } = useSession();
  // What is shown goes by rights that begin and end while this page is open.
  useSessionAnew(terms.data?.approvals.some((term) => term.requester === person && term.status === "approved"));
  const ask = may("break_glass.request") && (
    <Button kind="danger" icon={Siren} onPress={() => setOpen(true)}>
      Ask for emergency rights
    </Button>
  );
  return (
    <Page
      title="Break glass"
      lead="Every right for four hours, where nothing else helps: two administrators agree, the clock ends it, and all that is done is marked in the audit chain."
      actions={ask}
    >
      {maySee ? (
        <Loaded of={terms} skeleton={<Skeleton kind="row" rows={5} />}>
          {({ approvals }) =>
            approvals.length > 0 ? (
              <div className="glass-terms">
                {approvals.map((term) => (
                  <Term key={term.id} of={term} />
                ))}
              </div>
            ) : (
              <div className="panel">
                <Empty title="Nobody has emergency rights">
                  <p>
                    Who asks says why; the question goes to the administrators, who have an hour to answer. Terms of the
                    past are in the audit.
                  </p>
                </Empty>
              </div>
            )
          }
        </Loaded>
      ) : (
        <div className="panel">
          <Empty title="Policy does not permit you to see who has emergency rights">
            <p>You may ask for them all the same. Load the page again once two administrators have agreed.</p>
          </Empty>
        </div>
      )}
      {isOpen && <AskDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}
