import { Activity } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/traffic",
    title: "Traffic",
    operation: "request.show",
    nav: { group: "Watch", order: 3, icon: Activity },
    load: () => import("./Traffic"),
  }),
  page({ path: "/traffic/:id", title: "Request", operation: "request.show", load: () => import("./Request") }),
  page({
    path: "/policies/at/:commit/:id",
    title: "Policy",
    operation: "policy.files",
    load: () => import("./Policy"),
  }),
];
