import { Siren } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/break-glass",
    title: "Break glass",
    operation: "break_glass.list",
    // Who may see nothing else may still ask.
    orOperation: "break_glass.request",
    nav: { group: "Govern", order: 60, icon: Siren },
    load: () => import("./BreakGlass"),
  }),
];
