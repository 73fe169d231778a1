import { ScrollText } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/audit",
    title: "Audit",
    operation: "audit.tail",
    nav: { group: "Watch", order: 6, icon: ScrollText },
    load: () => import("./Audit"),
  }),
  page({ path: "/audit/:seq", title: "Audit record", operation: "audit.tail", load: () => import("./Record") }),
];
