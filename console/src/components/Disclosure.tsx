import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** Something that few want to see, behind its title. */
export function Disclosure({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <details className="disclosure">
      <summary>
        <ChevronRight aria-hidden="true" />
        {title}
      </summary>
      <div>{children}</div>
    </details>
  );
}
