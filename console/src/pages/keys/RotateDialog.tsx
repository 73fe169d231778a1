import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { FormDialog } from "../../components/Dialog";
import { SelectField } from "../../components/SelectField";
import { MadeKeyDialog } from "./MadeKeyDialog";

const OVERLAPS = [
  { id: "0", title: "It ends at once" },
  { id: "3600", title: "An hour" },
  { id: "86400", title: "A day" },
  { id: "604800", title: "A week" },
];

/** Makes a new key for the same agent, and lets the old one go on for a while. */
export function RotateDialog({ of, onClose }: { of: Schemas["KeyView"]; onClose: () => void }) {
  const send = useSend("post", "/api/v1/keys/{id}/rotate", ["/api/v1/keys"]);
  const [overlap, setOverlap] = useState("86400");
  if (send.data) return <MadeKeyDialog made={send.data} onClose={onClose} />;
  return (
    <FormDialog
      title={`Rotate a key of ${of.agent}`}
      submit="Make the new key"
      busy={send.isPending}
      refused={send.error}
      onSubmit={() => send.mutate({ path: { id: of.id }, body: { overlap_seconds: Number(overlap) } })}
      onClose={onClose}
    >
      <p>
        A new key takes the place of <code>{of.id}</code>.
      </p>
      <SelectField
        label="How long the old key goes on"
        options={OVERLAPS}
        value={overlap}
        onChange={setOverlap}
        description="Time to put the new key where the old one is."
      />
    </FormDialog>
  );
}
