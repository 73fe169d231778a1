import { useQuery } from "@tanstack/react-query";

import { call } from "../../api/client";
import { idLine } from "./ids";

interface Place {
  file: string;
  line: number;
}

/** Files that are looked through for one policy. */
const FILES_MAX = 200;

/**
 * Where a policy is written, by its id as records tell it; `null` where it is not found or none is asked for. The server
 * tells no places of ids, so the files are read until one has it.
 */
export function usePlaceOf(id: string, tree: { base: string; paths: string[] } | undefined): Place | null {
  const { data } = useQuery<Place | null>({
    queryKey: ["policies", "place", tree?.base, id],
    queryFn: ({ signal }) => search(id, tree?.base ?? "", tree?.paths ?? [], signal),
    enabled: id !== "" && tree !== undefined,
    staleTime: Infinity,
  });
  return data ?? null;
}

async function search(id: string, commit: string, paths: string[], signal: AbortSignal): Promise<Place | null> {
  const files = paths.filter((path) => path.endsWith(".cedar")).slice(0, FILES_MAX);
  for (const file of files) {
    const { text } = await call("get", "/api/v1/policy/files", { query: { path: file, commit } }, signal);
    const line = idLine(id, file, text ?? "");
    if (line !== null) return { file, line };
  }
  return null;
}
