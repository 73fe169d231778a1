import { Tags } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/prices",
    title: "Prices",
    operation: "price.list",
    nav: { group: "Connect", order: 20, icon: Tags },
    load: () => import("./Prices"),
  }),
  page({ path: "/prices/*", title: "Price", operation: "price.list", load: () => import("./Price") }),
];
