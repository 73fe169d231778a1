import type { ReactNode } from "react";
import {
  FieldError,
  Input,
  Label,
  Text,
  TextArea,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from "react-aria-components";

interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "children" | "style"> {
  label: string;
  description?: ReactNode;
  placeholder?: string;
  /** A field of several lines, with as many of them at first. */
  rows?: number;
}

/** A field for text. What is not required says so. */
export function TextField({ label, description, placeholder, rows, ...props }: TextFieldProps) {
  return (
    <AriaTextField {...props} className="field">
      <Label>
        {label}
        {!props.isRequired && <span className="optional"> optional</span>}
      </Label>
      {rows ? <TextArea rows={rows} placeholder={placeholder} /> : <Input placeholder={placeholder} />}
      {description && <Text slot="description">{description}</Text>}
      <FieldError className="field-error" />
    </AriaTextField>
  );
}
