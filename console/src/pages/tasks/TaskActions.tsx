import { Ban, RotateCcw } from "lucide-react";
import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { ConfirmDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { canRetry, isOver, type Task } from "./state";

const TOUCHED = ["/api/v1/tasks", "/api/v1/tasks/{id}", "/api/v1/dead-letters", "/api/v1/effects"] as const;

/** Stops a task, or has it tried again. */
export function TaskActions({ detail }: { detail: Schemas["TaskDetail"] }) {
  const { task } = detail;
  const may = useMay();
  const [open, setOpen] = useState<"cancel" | "retry" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      {may("task.cancel") && !isOver(task) && (
        <Button icon={Ban} onPress={() => setOpen("cancel")}>
          Cancel task
        </Button>
      )}
      {may("task.retry") && canRetry(detail) && (
        <Button kind="primary" icon={RotateCcw} onPress={() => setOpen("retry")}>
          Try again
        </Button>
      )}
      {open === "cancel" && <CancelDialog task={task} onClose={close} />}
      {open === "retry" && <RetryDialog task={task} onClose={close} />}
    </>
  );
}

function CancelDialog({ task: { id }, onClose }: { task: Task; onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/tasks/{id}/cancel", [...TOUCHED]);
  const done = () => {
    notify("The task is stopped.");
    onClose();
  };
  return (
    <ConfirmDialog
      title="Cancel this task?"
      submit="Cancel task"
      kind="danger"
      reason="optional"
      busy={send.isPending}
      refused={send.error}
      onConfirm={(reason) => send.mutate({ path: { id }, body: { reason } }, { onSuccess: done })}
      onClose={onClose}
    >
      <p>Its run stops at its next write, and so does work that it gave to others. The conversation is told why.</p>
    </ConfirmDialog>
  );
}

function RetryDialog({ task: { id }, onClose }: { task: Task; onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/tasks/{id}/retry", [...TOUCHED]);
  const done = () => {
    notify("The task is tried again.");
    onClose();
  };
  return (
    <ConfirmDialog
      title="Try this task again?"
      submit="Try again"
      busy={send.isPending}
      refused={send.error}
      onConfirm={() => send.mutate({ path: { id } }, { onSuccess: done })}
      onClose={onClose}
    >
      <p>It goes on behind the last step that is written. What was done is not done twice.</p>
    </ConfirmDialog>
  );
}
