import { Boxes } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/models",
    title: "Models",
    operation: "model.list",
    nav: { group: "Connect", order: 3, icon: Boxes },
    load: () => import("./Models"),
  }),
  page({ path: "/models/*", title: "Model", operation: "model.list", load: () => import("./Model") }),
];
