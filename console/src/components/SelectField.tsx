import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue, Text } from "react-aria-components";

export interface Option<T extends string = string> {
  id: T;
  title: string;
}

interface SelectFieldProps<T extends string> {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
  description?: ReactNode;
  /** Whether the label stands beside the field, as in a bar of filters, instead of above it. */
  isInline?: boolean;
}

/** A choice of one among many. */
export function SelectField<T extends string>(props: SelectFieldProps<T>) {
  const { label, options, value, onChange, description, isInline = false } = props;
  return (
    <Select
      className="field"
      data-inline={isInline || undefined}
      value={value}
      onChange={(key) => key !== null && onChange(key as T)}
    >
      <Label>{label}</Label>
      <Button className="select">
        <SelectValue />
        <ChevronDown aria-hidden="true" />
      </Button>
      {description && <Text slot="description">{description}</Text>}
      <Popover className="popover">
        <ListBox className="menu" items={options}>
          {({ id, title }) => (
            <ListBoxItem id={id} className="menu-item" textValue={title}>
              {title}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
