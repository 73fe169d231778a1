import { Cloud } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/providers",
    title: "Providers",
    operation: "provider.list",
    nav: { group: "Connect", order: 4, icon: Cloud },
    load: () => import("./Providers"),
  }),
];
