import type { ReactNode } from "react";

import type { Refused } from "../api/refusal";
import { ErrorBox } from "./ErrorBox";

/** What this needs to know of a query. */
interface Reading<T> {
  data: T | undefined;
  error: Refused | null;
  refetch: () => unknown;
}

interface LoadedProps<T> {
  of: Reading<T>;
  /** Shown until there is an answer; as high as what comes. */
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}

/** Shows what was read, why it was not, or that it is on its way. */
export function Loaded<T>({ of, skeleton, children }: LoadedProps<T>) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <ErrorBox error={of.error} retry={() => void of.refetch()} />;
  return <div aria-busy="true">{skeleton}</div>;
}
