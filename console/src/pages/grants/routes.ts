import { Ticket } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/grants",
    title: "Grants",
    operation: "grant.list",
    nav: { group: "Govern", order: 50, icon: Ticket },
    load: () => import("./Grants"),
  }),
];
