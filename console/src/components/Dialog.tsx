import { X } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { Refused } from "../api/refusal";
import { Button, IconButton } from "./Button";
import { ErrorBox } from "./ErrorBox";
import { TextField } from "./TextField";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Whether a click beside it or Escape leaves it open, as for what is shown once. */
  isKept?: boolean;
}

/** What lies over the page until it is closed. It is there as long as it is rendered. */
export function Dialog({ title, onClose, children, isKept = false }: DialogProps) {
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      isDismissable={!isKept}
      isKeyboardDismissDisabled={isKept}
      onOpenChange={onClose}
    >
      <Modal className="dialog">
        <AriaDialog>
          <header>
            <Heading slot="title">{title}</Heading>
            {!isKept && <IconButton icon={X} label="Close" onPress={onClose} />}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface FormDialogProps {
  title: string;
  /** What the button says that does it. */
  submit: string;
  kind?: "primary" | "danger";
  busy: boolean;
  /** Why it was not done at the last try. */
  refused: Refused | null;
  canSubmit?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog with fields, and one button that sends them. */
export function FormDialog(props: FormDialogProps) {
  const { title, submit, kind = "primary", busy, refused, canSubmit = true, onSubmit, onClose, children } = props;

  function send(event: FormEvent) {
    event.preventDefault();
    if (canSubmit && !busy) onSubmit();
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form className="dialog-form" onSubmit={send}>
        <div className="dialog-body">
          {children}
          {refused && <ErrorBox error={refused} />}
        </div>
        <footer>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind={kind} type="submit" isBusy={busy} isDisabled={!canSubmit}>
            {submit}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ConfirmDialogProps extends Omit<FormDialogProps, "onSubmit" | "canSubmit"> {
  /** Whether a reason is asked for, which becomes part of the record, and whether it goes without one. */
  reason?: "optional" | "required";
  onConfirm: (reason: string) => void;
}

/** Asks before something is done, with a field for the reason where the record has one. */
export function ConfirmDialog({ reason, onConfirm, children, ...props }: ConfirmDialogProps) {
  const [why, setWhy] = useState("");
  return (
    <FormDialog
      {...props}
      canSubmit={reason !== "required" || why.trim() !== ""}
      onSubmit={() => onConfirm(why.trim())}
    >
      {children}
      {reason && (
        <TextField
          label="Reason"
          rows={3}
          isRequired={reason === "required"}
          value={why}
          onChange={setWhy}
          description="It is kept in the audit record."
        />
      )}
    </FormDialog>
  );
}
