import { ShieldCheck } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/policies",
    title: "Policies",
    operation: "policy.files",
    nav: { group: "Govern", order: 1, icon: ShieldCheck },
    load: () => import("./Policies"),
  }),
];
