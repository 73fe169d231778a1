import { RefreshCw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useLocation, useParams } from "wouter";

import { useGet, useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { ConfirmDialog } from "../../components/Dialog";
import { Empty } from "../../components/Empty";
import { ErrorBox } from "../../components/ErrorBox";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { Sum } from "../../components/Money";
import { useNotify } from "../../components/Notices";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { count } from "../../format/number";
import { ModelState } from "./Registered";

type ModelOf = { model: Schemas["ModelView"] };

/** One model: what it is, can do and costs, and where that is written. */
export default function Model() {
  const { "*": id = "" } = useParams<{ "*": string }>();
  const models = useGet("/api/v1/models", {});
  const model = models.data?.models.find((known) => known.id === id);
  return (
    <Page title={id} up={{ href: "/models", title: "Models" }} actions={model && <Actions model={model} />}>
      <Loaded of={models} skeleton={<Skeleton kind="row" rows={10} />}>
        {() =>
          model ? (
            <div className="panel">
              <Facts of={facts(model)} />
            </div>
          ) : (
            <Empty title={`There is no model ${id}`}>
              <p>It may have been removed, or its provider does not serve it any more.</p>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

function facts(model: Schemas["ModelView"]): [string, ReactNode][] {
  const { price } = model;
  return [
    ["State", <ModelState model={model} />],
    ["Provider", <PageLink to="/providers">{model.provider}</PageLink>],
    ["Name at the provider", <code>{model.upstream}</code>],
    ["Runs", model.locality === "local" ? "local: data stays with you" : "in the cloud"],
    ["Size", model.size],
    ["Context", `${count(model.context_tokens)} tokens, of which ${count(model.max_output_tokens)} may be output`],
    ["Can do", model.capabilities.join(", ") || "nothing is known"],
    ["Other ids", model.aliases.join(", ") || "none"],
    ["A million input tokens", price ? <Sum of={price.input} /> : "no price is known: refused under a hard cap"],
    ["A million output tokens", price ? <Sum of={price.output} /> : "no price is known"],
    ["Price from", price ? <code>{price.id}</code> : "nowhere"],
    ["Comes from", ORIGINS[model.origin] ?? model.origin],
    ...(model.file ? [["File", <code>{model.file}</code>] satisfies [string, ReactNode]] : []),
  ];
}

const ORIGINS: Record<string, string> = {
  git: "the tree, where a commit changes it",
  runtime: "a registration, which can be removed here",
  discovered: "what was found at the start of the server",
  simulator: "the built-in simulator, which invents its answers",
};

function Actions({ model }: ModelOf) {
  const may = useMay();
  if (model.origin !== "runtime") return null;
  return (
    <>
      {may("model.add") && <Refresh model={model} />}
      {may("model.remove") && <Remove model={model} />}
    </>
  );
}

/** Takes over what the provider tells of the model now. */
function Refresh({ model }: ModelOf) {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/models/{id}/refresh", ["/api/v1/models"]);
  const refresh = () =>
    send.mutate(
      { path: { id: model.id }, body: {} },
      { onSuccess: () => notify(`${model.id} is registered as its provider tells it.`) },
    );
  return (
    <>
      {send.error && <ErrorBox error={send.error} />}
      <Button icon={RefreshCw} isBusy={send.isPending} onPress={refresh}>
        Refresh facts
      </Button>
    </>
  );
}

function Remove({ model }: ModelOf) {
  const notify = useNotify();
  const [, navigate] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const send = useSend("delete", "/api/v1/models/{id}", ["/api/v1/models", "/api/v1/providers"]);

  function remove() {
    send.mutate(
      { path: { id: model.id } },
      {
        onSuccess: () => {
          notify(`${model.id} is removed.`);
          navigate("/models");
        },
      },
    );
  }

  return (
    <>
      <Button icon={Trash2} onPress={() => setOpen(true)}>
        Remove
      </Button>
      {isOpen && (
        <ConfirmDialog
          title={`Remove ${model.id}?`}
          submit="Remove"
          kind="danger"
          busy={send.isPending}
          refused={send.error}
          onConfirm={remove}
          onClose={() => setOpen(false)}
        >
          <p>Calls that name it are refused from then on. What it cost stays in the ledger.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
