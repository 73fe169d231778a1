import { Settings } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/settings",
    title: "Settings",
    operation: "settings.show",
    nav: { group: "System", order: 10, icon: Settings },
    load: () => import("./Settings"),
  }),
];
