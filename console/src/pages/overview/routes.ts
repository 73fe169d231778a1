import { LayoutDashboard } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/",
    title: "Overview",
    operation: "overview.show",
    nav: { group: "Watch", order: 1, icon: LayoutDashboard },
    load: () => import("./Overview"),
  }),
];
