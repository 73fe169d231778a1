import { useState } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { PageLink } from "../../components/PageLink";
import { visible } from "../../format/visible";

const CHOICES = [
  { id: "happened", title: "It happened", tells: "The task goes on behind it; nothing is done again." },
  {
    id: "retry",
    title: "It did not happen: do it again",
    tells: "The same call is made once more, and policy is asked again.",
  },
  { id: "abort", title: "It must not happen", tells: "Nothing more is done, and the task fails." },
];

const DONE: Record<string, string> = {
  happened: "The task goes on behind it.",
  retry: "It is done again.",
  abort: "The task fails.",
};

interface ResolveDialogProps {
  effect: Schemas["EffectView"];
  onClose: () => void;
}

/** Says what became of a call that nobody knows the end of. The first word counts. */
export function ResolveDialog({ effect: { key, what, task, step }, onClose }: ResolveDialogProps) {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/effects/resolve", ["/api/v1/effects", "/api/v1/tasks", "/api/v1/tasks/{id}"]);
  const [resolution, setResolution] = useState("");

  function submit() {
    send.mutate(
      { body: { key, resolution } },
      {
        onSuccess: () => {
          notify(DONE[resolution] ?? "It is on record.");
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title={`What became of ${visible(what)}?`}
      submit="That is what became of it"
      busy={send.isPending}
      refused={send.error}
      canSubmit={resolution !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>
        Look where it would have left a trace before you answer: the first word counts. It is step {step} of{" "}
        <PageLink to={`/tasks/${task}`}>its task</PageLink>.
      </p>
      <RadioGroup className="choices" value={resolution} onChange={setResolution}>
        <Label>What you found</Label>
        {CHOICES.map(({ id, title, tells }) => (
          <Radio key={id} value={id} className="radio">
            <strong>{title}</strong>
            <span>{tells}</span>
          </Radio>
        ))}
      </RadioGroup>
    </FormDialog>
  );
}
