import { Check, Copy } from "lucide-react";
import { useId, useState } from "react";

import { Button } from "./Button";

/** How long the button says that it copied, in milliseconds. */
const TOLD_MS = 2_000;

/** A text to take along: a key that is shown once, or a command. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const id = useId();
  const [copied, setCopied] = useState(false);

  async function copy() {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), TOLD_MS);
  }

  return (
    <div className="copy-field">
      <span className="label" id={id}>
        {label}
      </span>
      <div>
        <pre aria-labelledby={id} role="region" tabIndex={0}>
          {value}
        </pre>
        <Button icon={copied ? Check : Copy} onPress={() => void copy()} aria-label={`Copy: ${label}`}>
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
    </div>
  );
}
