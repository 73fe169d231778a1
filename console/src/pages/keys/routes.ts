import { KeyRound } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/keys",
    title: "Keys",
    operation: "key.list",
    nav: { group: "Connect", order: 2, icon: KeyRound },
    load: () => import("./Keys"),
  }),
];
