import { MailX } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/dead-letters",
    title: "Dead letters",
    operation: "dead_letter.list",
    nav: { group: "Decide", order: 3, icon: MailX },
    load: () => import("./DeadLetters"),
  }),
  page({
    path: "/dead-letters/:id",
    title: "Dead letter",
    operation: "dead_letter.show",
    load: () => import("./DeadLetter"),
  }),
];
