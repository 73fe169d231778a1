//! `orchestack policy explain`.

use std::process::ExitCode;

use admin::{ExplainedModel, PolicyExplanation, PolicyQuestion};

use crate::{
    args::Explain,
    client::{Ask, Client},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(
    client: &Client,
    ask: Explain,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let body = PolicyQuestion {
        agent: ask.agent,
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
