import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "../../api/client";
import { Refused } from "../../api/refusal";
import { EMPTY, movedTo } from "./draft";
import { useDraft } from "./useDraft";

/** Puts the draft on the newest commit, or gives it up for that. */
export function useRebase() {
  const client = useQueryClient();
  const [draft, change] = useDraft();
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);

  async function keep() {
    setBusy(true);
    try {
      const newest = await call("get", "/api/v1/policy/files", {});
      const texts = new Map<string, string | null>();
      for (const path of Object.keys(draft.files).filter((known) => newest.paths.includes(known))) {
        const { text } = await call("get", "/api/v1/policy/files", { query: { path, commit: newest.commit } });
        texts.set(path, text ?? null);
      }
      change((now) => movedTo(now, newest.commit, texts));
      setRefused(null);
      await client.invalidateQueries({ queryKey: ["/api/v1/policy/files", {}] });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
    } finally {
      setBusy(false);
    }
  }

  async function drop() {
    change(() => EMPTY);
    await client.invalidateQueries({ queryKey: ["/api/v1/policy/files", {}] });
  }

  return { keep, drop, isBusy, refused };
}
