import { Checkbox } from "../../components/Checkbox";
import { TextField } from "../../components/TextField";
import type { FormProps } from "./ExplainForm";
import { inputOf } from "./question";

const NAMES = "Names of arguments";

/** The facts of a call of a tool. */
export function ToolFields({ form, onChange }: FormProps) {
  return (
    <>
      <TextField
        label="Tool"
        isRequired
        value={form.tool}
        onChange={(tool) => onChange({ tool })}
        placeholder="mail.send"
        description="Its server’s name and its own."
      />
      <TextField
        label="Arguments"
        rows={3}
        value={form.input}
        onChange={(input) => onChange({ input })}
        placeholder="{}"
        description={
          inputOf(form.input)
            ? "An object of JSON. Policies about this tool alone read them."
            : "This is no object of JSON."
        }
      />
      <div className="fields-row">
        <TextField
          label="From the user"
          value={form.trusted}
          onChange={(trusted) => onChange({ trusted })}
          placeholder="body"
          description={NAMES}
        />
        <TextField
          label="From nobody trusted"
          value={form.untrusted}
          onChange={(untrusted) => onChange({ untrusted })}
          placeholder="to"
          description={NAMES}
        />
      </div>
      <div className="fields-row">
        <TextField
          label="From no text seen"
          value={form.unmatched}
          onChange={(unmatched) => onChange({ unmatched })}
          description={NAMES}
        />
        <TextField
          label="Servers seen"
          value={form.sources}
          onChange={(sources) => onChange({ sources })}
          description="Whose results the session has"
        />
      </div>
      <TextField
        label="Hosts it goes to"
        value={form.destinations}
        onChange={(destinations) => onChange({ destinations })}
        placeholder="example.com"
      />
      <div className="explain-checks">
        <Checkbox isSelected={form.isPrivate} onChange={(isPrivate) => onChange({ isPrivate })}>
          One is private
        </Checkbox>
        <Checkbox isSelected={form.isNamedByUser} onChange={(isNamedByUser) => onChange({ isNamedByUser })}>
          The user named each
        </Checkbox>
      </div>
    </>
  );
}
