import { createContext, use, useCallback, useState, type ReactNode } from "react";

import type { Tone } from "./Badge";

/** How long a notice is shown, in milliseconds. */
const SHOWN_MS = 6_000;

interface Notice {
  id: number;
  text: string;
  tone: Tone;
}

type Notify = (text: string, tone?: Tone) => void;

const NotifyContext = createContext<Notify>(() => {});

let last = 0;

/** Says at the edge of the page what was just done; screen readers read it too. */
export function Notices({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([]);
  const notify = useCallback<Notify>((text, tone = "good") => {
    const id = ++last;
    setNotices((shown) => [...shown, { id, text, tone }]);
    setTimeout(() => setNotices((shown) => shown.filter((notice) => notice.id !== id)), SHOWN_MS);
  }, []);
  return (
    <NotifyContext value={notify}>
      {children}
      <div className="notices" role="status">
        {notices.map(({ id, text, tone }) => (
          <p key={id} data-tone={tone}>
            {text}
          </p>
        ))}
      </div>
    </NotifyContext>
  );
}

export function useNotify(): Notify {
  return use(NotifyContext);
}
