//! `orchestack policy explain`.

use std::process::ExitCode;

use admin::{
    AgentList, AuditList, AuditView, ExplainedModel, PolicyExplanation, PolicyQuestion,
    ToolQuestion,
};
use serde_json::{Map, Value};

use crate::{
    args::Explain,
    client::{Ask, Client},
    failure::Failure,
    output::Output,
};

/// Records of one request that are looked through for its decision.
const RECORDS_MAX: u32 = 100;

pub(super) async fn run(
    client: &Client,
    ask: Explain,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let body = match &ask.request {
        Some(request) => of_record(client, request).await?,
        None => of_words(ask)?,
    };
    let explained: PolicyExplanation =
        client.tell(Ask::post(&["policy", "explain"]), &body).await?;
    output.show(&explained, |explained| {
        let commit: String = explained.commit.chars().take(12).collect();
        let models: Vec<String> = explained.models.iter().map(told).collect();
        format!("agent {} at commit {commit}\n{}", explained.agent, models.join("\n"))
    });
    Ok(ExitCode::SUCCESS)
}

fn of_words(ask: Explain) -> Result<PolicyQuestion, Failure> {
    let input = ask.input.as_deref().map_or(Ok(Map::new()), |text| {
        serde_json::from_str(text).map_err(|_| {
            Failure::usage(
                "`--input` is no JSON object",
                "write it as `{\"to\": \"a@example.com\"}`",
            )
        })
    })?;
    let tool = ask.tool.map(|id| ToolQuestion {
        id,
        input,
        untrusted: ask.untrusted,
        destinations: ask.destinations,
        private: ask.private,
        named_by_user: ask.named_by_user,
        ..ToolQuestion::default()
    });
    Ok(PolicyQuestion {
        agent: ask.agent.unwrap_or_default(),
        model: ask.model,
        label: Some(ask.label),
        integrity: Some(ask.integrity),
        kinds: ask.kinds,
        endpoint: ask.endpoint,
        stream: ask.stream,
        tools: ask.tools,
        images: ask.images,
        input_tokens: ask.input_tokens,
        max_output_tokens: ask.max_output_tokens,
        remaining: ask.remaining,
        used_percent: ask.used_percent,
        calls: ask.calls,
        dry_run: ask.dry_run,
        tool,
    })
}

/// The call of a tool that a request was. Values of arguments are on no record: policies are told how many came from
/// where, under names that are none of the tool's.
async fn of_record(client: &Client, request: &str) -> Result<PolicyQuestion, Failure> {
    let ask = Ask::get(&["audit"]).with("limit", Some(RECORDS_MAX)).with("request", Some(request));
    let list: AuditList = client.ask(ask).await?;
    let is_call = |record: &&AuditView| record.kind == "decision" && record.action == "callTool";
    let record = list.records.iter().find(is_call).ok_or_else(|| {
        Failure::Failed(format!(
            "no call of a tool is on record of `{request}`; `orchestack explain {request}` tells what is"
        ))
    })?;
    let agents: AgentList = client.ask(Ask::get(&["agents"])).await?;
    let agent = agents.agents.into_iter().find(|agent| agent.id == record.actor);
    let agent = agent.ok_or_else(|| {
        Failure::Failed(format!("the agent `{}` of that call is gone", record.actor))
    })?;
    let detail = &record.detail;
    let word = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned);
    let flow = |name: &str| detail.pointer(&format!("/flow/{name}"));
    let some = |name: &str, what: &str| -> Vec<String> {
        let count = flow(name).and_then(Value::as_u64).unwrap_or_default();
        (1..=count.min(64)).map(|number| format!("{what}-{number}")).collect()
    };
    let is = |name: &str| flow(name).and_then(Value::as_bool).unwrap_or_default();
    let found = detail.get("findings").and_then(Value::as_object).into_iter().flatten();
    let kinds = found.filter(|(_, of)| of.get("count").is_some()).map(|(kind, _)| kind.clone());
    Ok(PolicyQuestion {
        agent: agent.name,
        label: word("label"),
        integrity: word("integrity"),
        kinds: kinds.collect(),
        tool: Some(ToolQuestion {
            id: record.resource.clone(),
            trusted: some("trusted", "argument"),
            untrusted: some("untrusted", "other-argument"),
            unmatched: some("unmatched", "new-argument"),
            destinations: some("destinations", "host"),
            private: is("private"),
            named_by_user: is("named_by_user"),
            ..ToolQuestion::default()
        }),
        ..PolicyQuestion::default()
    })
}

fn told(model: &ExplainedModel) -> String {
    let mut text = format!("\n{}: {}\n", model.model, model.outcome.told);
    for place in &model.policies {
        text.push_str(&format!("  by {} ({}:{})\n", place.id, place.file, place.line));
    }
    if !model.changes.is_empty() {
        text.push_str("  it would be otherwise\n");
    }
    for change in &model.changes {
        text.push_str(&format!("    {}: {}\n", change.change, change.outcome.told));
    }
    text.trim_end().to_owned()
}
