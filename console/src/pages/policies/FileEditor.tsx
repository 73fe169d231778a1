import { Sparkles, Trash2, Undo2 } from "lucide-react";
import { lazy, Suspense } from "react";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { askCedar } from "../../cedar/cedar";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Loaded } from "../../components/Loaded";
import { useNotify } from "../../components/Notices";
import { Skeleton } from "../../components/Skeleton";
import { withText } from "./draft";
import { Problems } from "./Problems";
import { useDraft } from "./useDraft";
import { useProblems, useSchema, useVocabulary } from "./useProblems";

const Editor = lazy(() => import("../../cedar/Editor"));

interface FileEditorProps {
  path: string;
  base: string;
  line: number | null;
}

/** One file: what it was at the base, with what the draft makes of it. */
export function FileEditor({ path, base, line }: FileEditorProps) {
  const [draft] = useDraft();
  const changed = draft.files[path];
  const was = useGet("/api/v1/policy/files", changed ? null : { query: { path, commit: base } });
  const of = {
    data: changed ? { text: changed.before } : was.data && { text: was.data.text ?? null },
    error: was.error,
    refetch: was.refetch,
  };
  return (
    <section className="policy-file" aria-label={path}>
      <Loaded of={of} skeleton={<Skeleton kind="row" rows={12} />}>
        {({ text }) => <Opened path={path} base={base} line={line} before={text} />}
      </Loaded>
    </section>
  );
}

interface OpenedProps extends FileEditorProps {
  before: string | null;
}

function Opened({ path, base, line, before }: OpenedProps) {
  const may = useMay();
  const notify = useNotify();
  const [draft, change] = useDraft();
  const changed = draft.files[path];
  const text = changed ? changed.text : before;
  const schema = useSchema();
  const words = useVocabulary(schema);
  const { problems, elsewhere, isChecking } = useProblems(path, text ?? "", schema);
  const mayEdit = may("policy.edit");
  const put = (next: string | null) => change((now) => withText(now, base, path, { before, text: next }));

  async function format(policies: string) {
    const formatted = await askCedar("format", policies).catch(() => null);
    if (formatted === null) notify("Only policies without mistakes can be put in order", "bad");
    else put(formatted);
  }

  return (
    <>
      <div className="policy-file-head">
        <h2>{path}</h2>
        {changed && <Badge tone="info">{before === null ? "new" : text === null ? "removed" : "changed"}</Badge>}
        {!mayEdit && <Badge>read only</Badge>}
        <span className="policy-file-acts">
          {mayEdit && text !== null && path.endsWith(".cedar") && (
            <Button kind="quiet" icon={Sparkles} onPress={() => void format(text)}>
              Format
            </Button>
          )}
          {changed && (
            <Button kind="quiet" icon={Undo2} onPress={() => put(before)}>
              {before === null ? "Drop" : "Undo all"}
            </Button>
          )}
          {mayEdit && text !== null && before !== null && (
            <Button kind="quiet" icon={Trash2} onPress={() => put(null)}>
              Remove
            </Button>
          )}
        </span>
      </div>
      {text === null ? (
        <p className="policy-removed">The draft removes this file.</p>
      ) : (
        <>
          <Suspense fallback={<div className="code-host" aria-busy="true" />}>
            <Editor
              path={path}
              text={text}
              isReadOnly={!mayEdit}
              problems={problems}
              words={words}
              line={line}
              onChange={put}
            />
          </Suspense>
        </>
      )}
      <Problems path={path} problems={text === null ? [] : problems} elsewhere={elsewhere} isChecking={isChecking} />
    </>
  );
}
