import { MessagesSquare } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/sessions",
    title: "Sessions",
    operation: "session.list",
    nav: { group: "Watch", order: 4, icon: MessagesSquare },
    load: () => import("./Sessions"),
  }),
  page({ path: "/sessions/:id", title: "Session", operation: "session.show", load: () => import("./Session") }),
];
