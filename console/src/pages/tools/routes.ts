import { Wrench } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/tools",
    title: "Tools",
    operation: "tool.list",
    nav: { group: "Govern", order: 20, icon: Wrench },
    load: () => import("./Tools"),
  }),
  page({ path: "/tools/:server/*", title: "Tool", operation: "tool.show", load: () => import("./Tool") }),
];
