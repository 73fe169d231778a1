import type { LucideIcon } from "lucide-react";
import type { ReactNode, Ref } from "react";
import {
  Button as AriaButton,
  Tooltip,
  TooltipTrigger,
  type ButtonProps as AriaButtonProps,
} from "react-aria-components";

interface ButtonProps extends Omit<AriaButtonProps, "className" | "children" | "style" | "isPending"> {
  /** `primary` is what the page is for, `danger` takes something away, `quiet` has no frame. */
  kind?: "primary" | "plain" | "danger" | "quiet";
  icon?: LucideIcon;
  /** Whether what it began still runs; it keeps the focus and does nothing. */
  isBusy?: boolean;
  ref?: Ref<HTMLButtonElement>;
  className?: string;
  children?: ReactNode;
}

export function Button(props: ButtonProps) {
  const { kind = "plain", icon: Icon, isBusy = false, className = "", onPress, children, ...rest } = props;
  return (
    <AriaButton
      {...rest}
      onPress={isBusy ? undefined : onPress}
      className={`button ${className}`}
      data-kind={kind}
      data-busy={isBusy || undefined}
    >
      {Icon && <Icon aria-hidden="true" />}
      {children}
    </AriaButton>
  );
}

/** A button that is only an icon; its name shows as a tooltip. */
export function IconButton({ label, className = "", ...props }: Omit<ButtonProps, "children"> & { label: string }) {
  return (
    <TooltipTrigger delay={400}>
      <Button kind="quiet" {...props} aria-label={label} className={`icon-button ${className}`} />
      <Tooltip className="tooltip" offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
