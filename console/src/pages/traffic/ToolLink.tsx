import { PageLink } from "../../components/PageLink";
import { visible } from "../../format/visible";
import { toolAddress } from "../tools/address";

/** A tool by its id, `server.tool`. */
export function ToolLink({ id }: { id: string }) {
  const dot = id.indexOf(".");
  return (
    <code>
      {dot > 0 ? <PageLink to={toolAddress(id.slice(0, dot), id.slice(dot + 1))}>{visible(id)}</PageLink> : visible(id)}
    </code>
  );
}
