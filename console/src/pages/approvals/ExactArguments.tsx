import { useMutation } from "@tanstack/react-query";
import { Eye, EyeOff } from "lucide-react";

import { call } from "../../api/client";
import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { ErrorBox } from "../../components/ErrorBox";
import { Facts } from "../../components/Facts";
import { JsonView } from "../../components/JsonView";
import { Section } from "../../components/Page";
import { Told } from "../../components/Told";
import { maskedPlaces } from "./masked";

/**
 * The exact arguments of the call that is asked about. Each look is on record, so that they are asked for once somebody
 * says so, never again by themselves, and kept no longer than they are seen.
 */
export function ExactArguments({ id }: { id: string }) {
  const look = useMutation({
    mutationFn: () => call("get", "/api/v1/approvals/{id}/arguments", { path: { id } }),
    gcTime: 0,
  });
  return (
    <Section
      title="Exact arguments"
      actions={
        look.data ? (
          <Button icon={EyeOff} onPress={look.reset}>
            Hide them
          </Button>
        ) : (
          <Button icon={Eye} isBusy={look.isPending} onPress={() => look.mutate()}>
            Show exact arguments
          </Button>
        )
      }
    >
      <p className="soft">
        {look.data
          ? "That you looked is in the audit record."
          : "Whoever may decide may see them. Each look is kept in the audit record."}
      </p>
      {look.error && <ErrorBox error={look.error} />}
      {look.data && <Kept of={look.data} />}
    </Section>
  );
}

function Kept({ of: { kept, arguments: exact, masked, why } }: { of: Schemas["ApprovalArguments"] }) {
  if (!kept) {
    return (
      <div className="note" data-tone="info" role="status">
        <EyeOff aria-hidden="true" />
        <p>
          They are not kept. <Told text={why ?? ""} />
        </p>
      </div>
    );
  }
  return (
    <>
      <JsonView label="Exact arguments" value={exact} />
      {masked.length > 0 && (
        <>
          <p>Restricted values are not shown to anybody; a token stands in the place of each:</p>
          <div className="panel">
            <Facts of={maskedPlaces(masked)} />
          </div>
        </>
      )}
    </>
  );
}
