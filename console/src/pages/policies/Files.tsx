import { FilePlus2 } from "lucide-react";
import { useEffect, useMemo, useState } from "react";

import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Loaded } from "../../components/Loaded";
import { Skeleton } from "../../components/Skeleton";
import { useFilters } from "../../components/useFilters";
import type { Draft } from "./draft";
import { FileEditor } from "./FileEditor";
import { FileTree } from "./FileTree";
import { Moved } from "./Moved";
import { NewFileDialog } from "./NewFileDialog";
import { useDraft } from "./useDraft";
import { usePlaceOf } from "./usePlaceOf";
import { useTree } from "./useTree";

const DEFAULTS = { file: "", line: "", policy: "" };
/** What is shown first: the policies that most changes are about. */
const FIRST = "policies/models.cedar";

/** The files of the tree beside an editor for one of them. */
export function Files() {
  const may = useMay();
  const tree = useTree();
  const [draft] = useDraft();
  const [{ file, line, policy }, set] = useFilters(DEFAULTS);
  const place = usePlaceOf(policy, tree.data);
  useEffect(() => {
    if (place) set({ file: place.file, line: String(place.line), policy: "" });
  }, [place, set]);
  const [isOpen, setOpen] = useState(false);
  const marks = useMemo(() => marksOf(draft), [draft]);
  return (
    <div className="stack">
      {tree.isBehind && <Moved newest={tree.newest} />}
      <Loaded of={tree} skeleton={<Skeleton kind="row" rows={14} />}>
        {({ base, paths }) => {
          const chosen = file || (paths.includes(FIRST) ? FIRST : (paths[0] ?? ""));
          const isThere = paths.includes(chosen) || draft.files[chosen] !== undefined;
          return (
            <div className="panel policy-files">
              <div className="policy-tree">
                {may("policy.edit") && (
                  <Button kind="quiet" icon={FilePlus2} onPress={() => setOpen(true)}>
                    New file
                  </Button>
                )}
                <FileTree
                  paths={paths}
                  chosen={chosen}
                  marks={marks}
                  onChoose={(path) => set({ file: path, line: "", policy: "" })}
                />
              </div>
              {isThere ? (
                <FileEditor key={chosen} path={chosen} base={base} line={line ? Number(line) : null} />
              ) : (
                <Empty title={`The tree has no ${chosen || "files"}`} />
              )}
              {isOpen && (
                <NewFileDialog
                  paths={paths}
                  base={base}
                  onMade={(path) => set({ file: path, line: "", policy: "" })}
                  onClose={() => setOpen(false)}
                />
              )}
            </div>
          );
        }}
      </Loaded>
    </div>
  );
}

function marksOf({ files }: Draft) {
  return new Map(
    Object.entries(files).map(([path, { before, text }]) => {
      if (before === null) return [path, { letter: "N", title: "new" }];
      return [path, text === null ? { letter: "R", title: "removed" } : { letter: "C", title: "changed" }];
    }),
  );
}
