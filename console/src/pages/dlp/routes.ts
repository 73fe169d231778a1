import { ScanText } from "lucide-react";

import { page } from "../../app/page";

export default [
  page({
    path: "/dlp",
    title: "DLP try-out",
    operation: "dlp.scan",
    nav: { group: "Govern", order: 5, icon: ScanText },
    load: () => import("./Dlp"),
  }),
];
