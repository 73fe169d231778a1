import { useState } from "react";

import { FormDialog } from "../../components/Dialog";
import { TextField } from "../../components/TextField";
import { withText } from "./draft";
import { useDraft } from "./useDraft";

interface NewFileDialogProps {
  paths: readonly string[];
  base: string;
  onMade: (path: string) => void;
  onClose: () => void;
}

/** Adds a file to the draft, which begins with what its folder is for. */
export function NewFileDialog({ paths, base, onMade, onClose }: NewFileDialogProps) {
  const [draft, change] = useDraft();
  const [path, setPath] = useState("policies/");
  const name = path.trim();
  const why = whyNot(name, paths);
  return (
    <FormDialog
      title="New file"
      submit="Add to the draft"
      busy={false}
      refused={null}
      canSubmit={why === null}
      onSubmit={() => {
        const before = draft.files[name]?.before ?? null;
        change((now) => withText(now, base, name, { before, text: beginningOf(name) }));
        onMade(name);
        onClose();
      }}
      onClose={onClose}
    >
      <TextField
        label="Path"
        isRequired
        autoFocus
        value={path}
        onChange={setPath}
        description={
          why ?? (
            <>
              Policies of the organisation are in <code>policies/</code>, those of one agent in{" "}
              <code>agents/NAME/</code>, cases in <code>tests/</code>, statements to prove in <code>invariants/</code>.
            </>
          )
        }
      />
    </FormDialog>
  );
}

function whyNot(path: string, paths: readonly string[]): string | null {
  if (paths.includes(path)) return "The tree has this file already.";
  if (path.endsWith("/") || path === "") return "Add a name, such as policies/providers.cedar.";
  if (path.split("/").some((part) => part === "" || part.startsWith("."))) {
    return "No part of the path may be empty or begin with a dot.";
  }
  return null;
}

function beginningOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  if (path.endsWith(".cedar")) {
    return `@id("${name.replace(/[^\w.:/-]/g, "-")}")\nforbid (\n  principal,\n  action == Orchestack::Action::"callModel",\n  resource\n)\nwhen { false };\n`;
  }
  if (path.startsWith("tests/")) {
    return '[[case]]\nname = ""\nmodel = { id = "gpt-5-mini", provider = "openai", locality = "cloud" }\nexpect = "permit"\n';
  }
  if (path.startsWith("invariants/")) {
    return '[a-name]\ndoc = ""\nsays = "never"\nactions = ["callModel"]\nwhen = \'resource in Orchestack::Provider::"openai"\'\n';
  }
  return "\n";
}
