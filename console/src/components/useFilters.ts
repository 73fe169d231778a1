import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

/**
 * Values that are kept in the address, so that a view can be bookmarked and sent. What has its default is left out
 * of the address; parameters that `defaults` does not name stay as they are.
 */
export function useFilters<T extends Record<string, string>>(defaults: T): [T, (changes: Partial<T>) => void] {
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => {
    const values = Object.entries(defaults).map(([name, value]) => [name, params.get(name) ?? value]);
    return Object.fromEntries(values) as T;
  }, [params, defaults]);
  const set = useCallback(
    (changes: Partial<T>) => {
      const changed = (before: URLSearchParams) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value === undefined || value === defaults[name]) after.delete(name);
          else after.set(name, value);
        }
        return after;
      };
      setParams(changed, { replace: true });
    },
    [setParams, defaults],
  );
  return [filters, set];
}
