import { useQuery } from "@tanstack/react-query";
import { useParams } from "wouter";

import { call } from "../../api/client";
import { Empty } from "../../components/Empty";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { Page, Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { RawText } from "../../components/RawText";
import { Skeleton } from "../../components/Skeleton";
import { likely, policyIn, type PolicyText } from "./policyText";

const FILES = "/api/v1/policy/files";

/** A policy as it was in the commit that decided a call, and where it is written. */
export default function Policy() {
  const { commit = "", id = "" } = useParams<{ commit: string; id: string }>();
  const found = useQuery({
    queryKey: [FILES, "policy", commit, id],
    queryFn: ({ signal }) => find(commit, id, signal),
    // A commit does not change.
    staleTime: Infinity,
  });
  return (
    <Page title={id} up={{ href: "/policies", title: "Policies" }}>
      <Loaded of={found} skeleton={<Skeleton kind="row" rows={8} />}>
        {({ at }) =>
          at ? (
            <>
              <div className="panel">
                <Facts
                  of={[
                    [
                      "File",
                      <code>
                        <PageLink to={`/policies?${new URLSearchParams({ file: at.path, line: String(at.line) })}`}>
                          {at.path}:{at.line}
                        </PageLink>
                      </code>,
                    ],
                    ["Commit", <code>{commit}</code>],
                  ]}
                />
              </div>
              <Section title="As it was when it decided">
                <RawText label={`The policy ${id}`} text={at.text} />
              </Section>
            </>
          ) : (
            <Empty title={`The commit ${commit.slice(0, 12)} has no policy ${id}`}>
              <p>It may be one that Orchestack adds by itself.</p>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

/** Looks through the files of the commit, one after the other. */
async function find(commit: string, id: string, signal: AbortSignal) {
  const { paths } = await call("get", FILES, { query: { commit } }, signal);
  for (const path of likely(paths, id)) {
    const { text } = await call("get", FILES, { query: { commit, path } }, signal);
    const policy: PolicyText | undefined = policyIn(text ?? "", id);
    if (policy) return { at: { path, ...policy } };
  }
  return { at: null };
}
