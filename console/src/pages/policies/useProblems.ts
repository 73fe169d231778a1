import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { askCedar } from "../../cedar/cedar";
import { problemOf, type Problem } from "../../cedar/problem";
import type { Vocabulary } from "../../cedar/vocabulary";
import { useDraft } from "./useDraft";

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

/** What Cedar finds as one types, and what the server found when it tried the same text. */
export function useProblems(path: string, text: string, schema: string | null) {
  const [{ trial, files }] = useDraft();
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
    const isTried = trial !== null && trial.tried[path]?.text === files[path]?.text;
    const faults = isTried ? trial.faults.filter(({ file }) => file === path) : [];
    const ofServer = faults.map(({ line, message, fix }): Problem => ({
      severity: "error",
      message,
      fix,
      ...(line && { line }),
    }));
    const own = checked.text === text ? checked.problems : [];
    // The server tells what Cedar tells here too, by its line alone.
    const all = [...own, ...ofServer.filter(({ line }) => !own.some((known) => known.line === line))];
    return all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  }, [checked, text, trial, files, path]);
  return { problems, isChecking: check !== null && schema !== null && checked.text !== text };
}

function checkOf(path: string): "validate" | "checkSchema" | null {
  if (path.endsWith(".cedar")) return "validate";
  return path.endsWith(".cedarschema") ? "checkSchema" : null;
}
