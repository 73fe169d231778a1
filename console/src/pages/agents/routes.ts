import { Bot } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/agents",
    title: "Agents",
    operation: "agent.list",
    nav: { group: "Connect", order: 1, icon: Bot },
    load: () => import("./Agents"),
  }),
  page({ path: "/agents/:name", title: "Agent", operation: "agent.show", load: () => import("./Agent") }),
];
