// Requests as they end, from the server's stream of events.

import { useCallback, useEffect, useRef, useState } from "react";

import { addressOf } from "../../api/client";
import type { TrafficFilter } from "./filter";
import { merged, type Line } from "./merged";
import { useVisible } from "./useVisible";

const PATH = "/api/v1/requests/live";
/** Lines that are kept; older ones can be read again. */
const LINES_MAX = 2_000;
/** Lines are shown together this often, in milliseconds. */
const SHOW_MS = 200;
/** After a refusal, the stream is asked for again this much later, in milliseconds. A browser does the rest itself. */
const RETRY_MS = 5_000;

interface Live {
  lines: Line[];
  /** Whether there were more at once than the server tells. */
  isLossy: boolean;
  isConnected: boolean;
}

const NOTHING: Live = { lines: [], isLossy: false, isConnected: false };

/**
 * Watches requests while it is on and the page is seen. `onGap` is called whenever lines may have been missed: at the
 * beginning, and after each time without a stream.
 */
export function useLive(asked: TrafficFilter, isOn: boolean, onGap: () => void) {
  const isWatching = useVisible() && isOn;
  const [live, setLive] = useState(NOTHING);
  const gap = useRef(onGap);
  gap.current = onGap;
  const address = addressOf(PATH, { query: asked });

  useEffect(() => setLive(NOTHING), [address]);
  useEffect(() => {
    if (!isWatching) return;
    const stop = watch(address, {
      onLines: (fresh) => setLive((last) => ({ ...last, lines: merged(fresh, last.lines).slice(0, LINES_MAX) })),
      onLost: () => setLive((last) => ({ ...last, isLossy: true })),
      onConnected: (isConnected) => {
        setLive((last) => ({ ...last, isConnected }));
        gap.current();
      },
    });
    return () => {
      stop();
      setLive((last) => ({ ...last, isConnected: false }));
    };
  }, [address, isWatching]);

  const found = useCallback(() => setLive((last) => ({ ...last, isLossy: false })), []);
  return { ...live, found };
}

interface Watcher {
  onLines: (lines: Line[]) => void;
  onLost: () => void;
  onConnected: (isConnected: boolean) => void;
}

/** Listens until what it gives back is called. */
function watch(address: string, { onLines, onLost, onConnected }: Watcher): () => void {
  let source = connect();
  let retry: ReturnType<typeof setTimeout> | undefined;
  let show: ReturnType<typeof setTimeout> | undefined;
  let fresh: Line[] = [];

  function connect(): EventSource {
    const events = new EventSource(address);
    events.onopen = () => onConnected(true);
    events.onerror = () => {
      onConnected(false);
      if (events.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(() => (source = connect()), RETRY_MS);
    };
    events.addEventListener("lost", onLost);
    events.addEventListener("request", ({ data }: MessageEvent<string>) => {
      fresh.push(JSON.parse(data) as Line);
      show ??= setTimeout(() => {
        show = undefined;
        onLines(fresh);
        fresh = [];
      }, SHOW_MS);
    });
    return events;
  }

  return () => {
    clearTimeout(retry);
    clearTimeout(show);
    source.close();
  };
}
