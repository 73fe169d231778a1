import "./start.css";

import { useEffect, useState } from "react";
import { Link } from "wouter";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { Arrived } from "./Arrived";
import { Connect } from "./Connect";
import { MakeAgent, type Caller } from "./MakeAgent";
import { rememberLed } from "./seen";
import { Send } from "./Send";
import { Step } from "./Step";
import { useFirstCall } from "./useFirstCall";

const ASK_MS = 10_000;

/** The way from nothing to the first answer, and to what it cost. */
export default function Start() {
  useEffect(rememberLed, []);
  const may = useMay();
  const [caller, setCaller] = useState<Caller | null>(null);
  const [model, setModel] = useState("auto");
  const overview = useGet("/api/v1/overview", { query: {} });
  // Beside the page, since the slowest provider takes seconds to answer.
  const asked = useGet("/api/v1/overview", { query: { ask_providers: true } }, { everyMs: ASK_MS });
  const { call, error, mark } = useFirstCall(may("request.show"));
  const isAnswered = call?.outcome === "ok";
  return (
    <Page
      title="The first message"
      lead="Four steps, about two minutes."
      actions={
        <Link href="/" className="button">
          To the overview
        </Link>
      }
    >
      <Loaded of={overview} skeleton={<Skeleton kind="row" rows={10} />}>
        {(data) => {
          const providers = asked.data?.providers ?? data.providers;
          const isConnected = providers.some(
            ({ provider, health }) => !provider.simulator && provider.models > 0 && health === "answers",
          );
          return (
            <ol className="panel steps start">
              <Step
                title="Connect a model"
                lead="Where answers come from: a model server of your own, or a provider."
                state={isConnected ? "done" : caller ? "open" : "now"}
              >
                <Connect providers={providers} isConnected={isConnected} onModel={setModel} />
              </Step>
              <Step
                title="Create an agent, with its key"
                lead="Who calls has a name, an owner, a budget and policies of its own."
                state={caller ? "done" : isConnected ? "now" : "open"}
              >
                <MakeAgent
                  caller={caller}
                  onMade={(made) => {
                    mark();
                    setCaller(made);
                  }}
                />
              </Step>
              <Step
                title="Send the first message"
                lead="From a terminal or your program: this page itself cannot reach the gateway, which is another address."
                state={isAnswered ? "done" : caller ? "now" : "later"}
              >
                {caller && (
                  <Send
                    listens={data.gateway}
                    caller={caller}
                    model={model}
                    onModel={setModel}
                    call={call}
                    error={error}
                  />
                )}
              </Step>
              <Step
                title="See what it cost"
                lead="Each call is in the traffic with what was decided, and in the report of what was spent."
                state={isAnswered ? "done" : "later"}
              >
                {call && <Arrived call={call} />}
              </Step>
            </ol>
          );
        }}
      </Loaded>
    </Page>
  );
}
