import { Stamp } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/approvals",
    title: "Approvals",
    operation: "approval.list",
    nav: { group: "Decide", order: 1, icon: Stamp },
    load: () => import("./Approvals"),
  }),
  page({ path: "/approvals/:id", title: "Approval", operation: "approval.show", load: () => import("./Approval") }),
];
