import { ChevronRight } from "lucide-react";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Checkbox } from "../../components/Checkbox";
import { ChoiceFilter } from "../../components/Filters";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";
import type { Form } from "./question";
import { ToolFields } from "./ToolFields";

const ABOUT = [
  { id: "model", title: "A model" },
  { id: "tool", title: "A tool" },
] as const;
const LABELS = (["public", "internal", "sensitive", "restricted"] as const).map((id) => ({ id, title: id }));
const INTEGRITY = (["trusted", "untrusted"] as const).map((id) => ({ id, title: id }));

export interface FormProps {
  form: Form;
  onChange: (changes: Partial<Form>) => void;
}

/** The facts of a call. Few matter most of the time; the others lie below. */
export function ExplainForm({ form, onChange }: FormProps) {
  return (
    <>
      <Agent form={form} onChange={onChange} />
      <div className="field">
        <span className="label" aria-hidden="true">
          What is called
        </span>
        <ChoiceFilter
          label="What is called"
          options={ABOUT}
          value={form.about}
          onChange={(about) => onChange({ about })}
        />
      </div>
      {form.about === "model" ? (
        <Model form={form} onChange={onChange} />
      ) : (
        <ToolFields form={form} onChange={onChange} />
      )}
      <div className="fields-row">
        <SelectField label="Label" options={LABELS} value={form.label} onChange={(label) => onChange({ label })} />
        <SelectField
          label="Integrity"
          options={INTEGRITY}
          value={form.integrity}
          onChange={(integrity) => onChange({ integrity })}
        />
      </div>
      <TextField
        label="Kinds of data"
        value={form.kinds}
        onChange={(kinds) => onChange({ kinds })}
        placeholder="email, us_ssn"
        description="What is found in the content. The families personal, health, payment and secret follow from them."
      />
      <details className="policy-more">
        <summary>
          <ChevronRight aria-hidden="true" /> Shape, budget and session
        </summary>
        <div className="explain-more">
          {form.about === "model" && <Shape form={form} onChange={onChange} />}
          <div className="fields-row">
            <TextField
              label="Left of the budget, $"
              inputMode="decimal"
              value={form.remaining}
              onChange={(remaining) => onChange({ remaining })}
            />
            <TextField
              label="Used, %"
              inputMode="numeric"
              value={form.usedPercent}
              onChange={(usedPercent) => onChange({ usedPercent })}
            />
          </div>
          <TextField
            label="Calls of the session before"
            inputMode="numeric"
            value={form.calls}
            onChange={(calls) => onChange({ calls })}
          />
        </div>
      </details>
    </>
  );
}

function Agent({ form, onChange }: FormProps) {
  const may = useMay();
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  const label = "Agent";
  if (!agents.data) {
    return <TextField label={label} isRequired value={form.agent} onChange={(agent) => onChange({ agent })} />;
  }
  const options = agents.data.agents.map(({ name }) => ({ id: name, title: name }));
  return <SelectField label={label} options={options} value={form.agent} onChange={(agent) => onChange({ agent })} />;
}

function Model({ form, onChange }: FormProps) {
  const may = useMay();
  const models = useGet("/api/v1/models", may("model.list") ? {} : null);
  const every = { id: "", title: "Every registered one" };
  const options = [every, ...(models.data?.models ?? []).map(({ id }) => ({ id, title: id }))];
  if (!models.data) {
    return <TextField label="Model" value={form.model} onChange={(model) => onChange({ model })} />;
  }
  return <SelectField label="Model" options={options} value={form.model} onChange={(model) => onChange({ model })} />;
}

function Shape({ form, onChange }: FormProps) {
  return (
    <>
      <div className="explain-checks">
        <Checkbox isSelected={form.stream} onChange={(stream) => onChange({ stream })}>
          Streamed
        </Checkbox>
        <Checkbox isSelected={form.tools} onChange={(tools) => onChange({ tools })}>
          Offers tools
        </Checkbox>
        <Checkbox isSelected={form.images} onChange={(images) => onChange({ images })}>
          Has images
        </Checkbox>
      </div>
      <div className="fields-row">
        <TextField
          label="Input tokens"
          inputMode="numeric"
          value={form.inputTokens}
          onChange={(inputTokens) => onChange({ inputTokens })}
        />
        <TextField
          label="Limit on output"
          inputMode="numeric"
          value={form.maxOutputTokens}
          onChange={(maxOutputTokens) => onChange({ maxOutputTokens })}
        />
      </div>
    </>
  );
}
