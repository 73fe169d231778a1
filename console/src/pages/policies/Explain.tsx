import { useState, type FormEvent } from "react";
import { useSearchParams } from "wouter";

import { useSend } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { ErrorBox } from "../../components/ErrorBox";
import { ExplainForm } from "./ExplainForm";
import { Explained } from "./Explained";
import { BLANK, inputOf, questionOf, type Form } from "./question";

/** Asks why one call would be decided as it would be. An address with `agent` and `model` begins with those. */
export function Explain() {
  const [params] = useSearchParams();
  const [form, setForm] = useState<Form>(() => ({
    ...BLANK,
    agent: params.get("agent") ?? "",
    model: params.get("model") ?? "",
  }));
  const send = useSend("post", "/api/v1/policy/explain", []);
  const isWhole =
    form.agent !== "" && (form.about === "model" || (form.tool.trim() !== "" && inputOf(form.input) !== null));

  function ask(event: FormEvent) {
    event.preventDefault();
    if (isWhole && !send.isPending) send.mutate({ body: questionOf(form) });
  }

  return (
    <div className="explain">
      <form className="panel explain-form" onSubmit={ask} aria-label="A call">
        <ExplainForm form={form} onChange={(changes) => setForm((now) => ({ ...now, ...changes }))} />
        <Button kind="primary" type="submit" isBusy={send.isPending} isDisabled={!isWhole}>
          Explain
        </Button>
      </form>
      <div className="explain-answer" aria-live="polite">
        {send.error && <ErrorBox error={send.error} />}
        {send.data && !send.error && <Explained answer={send.data} />}
        {!send.data && !send.error && (
          <div className="panel">
            <Empty title="Why is a call decided as it is?">
              <p>
                Describe one call. The answer tells step by step what is decided, by which policies, and what single
                change would decide otherwise. Nothing is called.
              </p>
            </Empty>
          </div>
        )}
      </div>
    </div>
  );
}
