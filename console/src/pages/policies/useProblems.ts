import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { askCedar } from "../../cedar/cedar";
import { problemOf, type Problem } from "../../cedar/problem";
import type { Vocabulary } from "../../cedar/vocabulary";
import { faultText } from "../../format/fault";
import { useCheck } from "./useCheck";

/** How long typing pauses before what was typed is checked, in milliseconds. */
const PAUSE_MS = 250;

/** The schema that the server checks policies against; `null` until it is known. */
export function useSchema(): string | null {
  const may = useMay();
  const { data } = useGet("/api/v1/policy/schema", may("policy.schema") ? {} : null);
  return data?.schema ?? null;
}

/** The names that policies can use. */
export function useVocabulary(schema: string | null): Vocabulary | null {
  const { data } = useQuery<Vocabulary | null, never>({
    queryKey: ["cedar", "vocabulary", schema],
    queryFn: () => askCedar("vocabulary", schema ?? "").catch(() => null),
    enabled: schema !== null,
    staleTime: Infinity,
  });
  return data ?? null;
}

interface Checked {
  text: string;
  problems: Problem[];
}

/** What Cedar and the server find in a file as one types, and what the server finds in others. */
export function useProblems(path: string, text: string, schema: string | null) {
  const { faults, isChecking } = useCheck();
  const [checked, setChecked] = useState<Checked>({ text: "", problems: [] });
  const check = checkOf(path);
  useEffect(() => {
    if (!check || schema === null) return;
    let isStale = false;
    const timer = setTimeout(() => {
      const asked = check === "validate" ? askCedar(check, text, schema) : askCedar(check, text);
      asked.then(
        (findings) => !isStale && setChecked({ text, problems: findings.map((finding) => problemOf(text, finding)) }),
        // Without Cedar here, the server still checks each change.
        () => !isStale && setChecked({ text, problems: [] }),
      );
    }, PAUSE_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [check, text, schema]);

  const problems = useMemo(() => {
    const ofServer = faults.filter(({ file }) => file === path).map(faultOf);
    const own = checked.text === text ? checked.problems : [];
    // The server tells what Cedar tells here too, by its line alone.
    const all = [...own, ...ofServer.filter(({ line }) => !own.some((known) => known.line === line))];
    return all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  }, [checked, text, faults, path]);
  const elsewhere = useMemo(() => faults.filter(({ file }) => file !== path), [faults, path]);
  const isCedarBusy = check !== null && schema !== null && checked.text !== text;
  return { problems, elsewhere, isChecking: isCedarBusy || isChecking };
}

function faultOf(fault: Schemas["FaultView"]): Problem {
  const { line, fix } = fault;
  return { severity: "error", message: faultText(fault), fix, ...(line && { line }) };
}

function checkOf(path: string): "validate" | "checkSchema" | null {
  if (path.endsWith(".cedar")) return "validate";
  return path.endsWith(".cedarschema") ? "checkSchema" : null;
}
