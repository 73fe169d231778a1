import { CircleDollarSign } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/spend",
    title: "Spend",
    operation: "spend.show",
    nav: { group: "Watch", order: 2, icon: CircleDollarSign },
    load: () => import("./Spend"),
  }),
];
