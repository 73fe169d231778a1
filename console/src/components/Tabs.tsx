import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components";

import { useFilters } from "./useFilters";

interface TabsProps {
  /** What the tabs are of, for screen readers. */
  label: string;
  tabs: { id: string; title: string; content: ReactNode }[];
}

/** Parts of a page, one at a time; which one is in the address as `tab`. */
export function Tabs({ label, tabs }: TabsProps) {
  const [{ tab }, set] = useFilters({ tab: tabs[0]?.id ?? "" });
  const chosen = tabs.some(({ id }) => id === tab) ? tab : tabs[0]?.id;
  return (
    <AriaTabs className="tabs" selectedKey={chosen} onSelectionChange={(key) => set({ tab: String(key) })}>
      <TabList aria-label={label} className="tab-list">
        {tabs.map(({ id, title }) => (
          <Tab key={id} id={id} className="tab">
            {title}
          </Tab>
        ))}
      </TabList>
      {tabs.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="tab-panel">
          {content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
