import { ListChecks } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/tasks",
    title: "Tasks",
    operation: "task.list",
    nav: { group: "Watch", order: 5, icon: ListChecks },
    load: () => import("./Tasks"),
  }),
  page({ path: "/tasks/:id", title: "Task", operation: "task.show", load: () => import("./Task") }),
];
