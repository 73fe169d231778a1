import { useInfiniteQuery } from "@tanstack/react-query";

import { call } from "../../api/client";
import type { TrafficFilter } from "./filter";

const PATH = "/api/v1/requests";
const LINES = 200;

/** What requests are asked for; what is empty narrows nothing. */
export type Asked = TrafficFilter & { from: string; to: string };

/** Requests that ended, newest first, page by page. */
export function useRequests(asked: Asked) {
  return useInfiniteQuery({
    queryKey: [PATH, "pages", asked],
    queryFn: ({ pageParam, signal }) =>
      call(
        "get",
        PATH,
        { query: { ...asked, limit: LINES, ...(pageParam !== null && { before: pageParam }) } },
        signal,
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  });
}
