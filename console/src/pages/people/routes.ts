import { Users } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/people",
    title: "People",
    operation: "person.list",
    nav: { group: "Govern", order: 40, icon: Users },
    load: () => import("./People"),
  }),
];
