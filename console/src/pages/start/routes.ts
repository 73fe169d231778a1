import { page } from "../../app/page";

export default [page({ path: "/start", title: "Start", operation: "overview.show", load: () => import("./Start") })];
