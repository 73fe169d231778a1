import { useInfiniteQuery } from "@tanstack/react-query";

import { call } from "../../api/client";
import { olderThan, type AuditQuery } from "./query";

const PATH = "/api/v1/audit";

/** Records of the chain, page by page, the newest page first. */
export function useRecords(query: AuditQuery) {
  return useInfiniteQuery({
    queryKey: [PATH, "pages", query],
    queryFn: ({ pageParam, signal }) =>
      call("get", PATH, { query: { ...query, ...(pageParam !== null && { before: pageParam }) } }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: olderThan,
    placeholderData: (last) => last,
  });
}
