import { CircleQuestionMark } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/effects",
    title: "Unknown effects",
    operation: "effect.list",
    nav: { group: "Decide", order: 2, icon: CircleQuestionMark },
    load: () => import("./Effects"),
  }),
];
