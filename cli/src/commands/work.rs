//! `orchestack task`, `orchestack deadletter` and `orchestack effect`.

use std::process::ExitCode;

use admin::{
    DeadLetterList, DeadLetterView, EffectList, EffectView, NewResolution, NewStop, StepView,
    TaskDetail, TaskList, TaskView,
};

use types::Nanos;

use super::{or_dash, short};
use crate::{
    args::{DeadLetter, Effect, Task},
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn task(
    client: &Client,
    command: Task,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let shown: TaskDetail = match command {
        Task::List { state, agent, session, limit } => {
            let ask = Ask::get(&["tasks"])
                .with("state", state)
                .with("agent", agent)
                .with("session", session)
                .with("limit", limit);
            let list: TaskList = client.ask(ask).await?;
            output.show(&list, |list| tasks(&list.tasks));
            return Ok(ExitCode::SUCCESS);
        }
        Task::Show { id } => client.ask(Ask::get(&["tasks", &id])).await?,
        Task::Cancel { id, reason } => {
            client.tell(Ask::post(&["tasks", &id, "cancel"]), &NewStop { reason }).await?
        }
        Task::Retry { id } => client.ask(Ask::post(&["tasks", &id, "retry"])).await?,
    };
    output.show(&shown, whole);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn dead_letter(
    client: &Client,
    command: DeadLetter,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let shown: DeadLetterView = match command {
        DeadLetter::List { all, limit } => {
            let ask = Ask::get(&["dead-letters"]).with("all", Some(all)).with("limit", limit);
            let list: DeadLetterList = client.ask(ask).await?;
            output.show(&list, |list| letters(&list.dead_letters));
            return Ok(ExitCode::SUCCESS);
        }
        DeadLetter::Show { id } => client.ask(Ask::get(&["dead-letters", &id])).await?,
        DeadLetter::Retry { id } => client.ask(Ask::post(&["dead-letters", &id, "retry"])).await?,
        DeadLetter::Discard { id } => {
            client.ask(Ask::post(&["dead-letters", &id, "discard"])).await?
        }
    };
    output.show(&shown, |letter| letters(std::slice::from_ref(letter)));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn effect(
    client: &Client,
    command: Effect,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let waiting: EffectList = match command {
        Effect::List { limit } => client.ask(Ask::get(&["effects"]).with("limit", limit)).await?,
        Effect::Resolve { key, resolution } => {
            let said = NewResolution { key, resolution: resolution.as_str().to_owned() };
            client.tell(Ask::post(&["effects", "resolve"]), &said).await?
        }
    };
    output.show(&waiting, |list| effects(&list.effects));
    Ok(ExitCode::SUCCESS)
}

fn tasks(tasks: &[TaskView]) -> String {
    let row = |task: &TaskView| {
        [
            task.id.clone(),
            task.kind.clone(),
            task.state.clone(),
            or_dash(Some(&task.person)),
            task.attempts.to_string(),
            short(&task.created_at),
            or_dash(task.waiting_for.as_deref().or(task.reason.as_deref())),
        ]
    };
    let head = ["ID", "KIND", "STATE", "FOR", "TRIES", "MADE (UTC)", "WHY"];
    table(head, tasks.iter().map(row).collect())
}

fn whole(shown: &TaskDetail) -> String {
    let row = |step: &StepView| {
        [
            step.no.to_string(),
            step.kind.clone(),
            step.state.clone(),
            step.attempts.to_string(),
            or_dash(step.what.as_deref()),
            or_dash(step.class.as_deref()),
            or_dash(step.effect.as_deref()),
            or_dash(step.cost_nanos.map(|cost| Nanos(cost).to_usd()).as_deref()),
            or_dash(step.request.as_deref()),
            short(&step.started_at),
        ]
    };
    let head =
        ["STEP", "KIND", "STATE", "BEGUN", "WHAT", "CLASS", "EFFECT", "USD", "REQUEST", "AT (UTC)"];
    let mut text = tasks(std::slice::from_ref(&shown.task));
    if let (Some(run), Some(state)) = (&shown.run, &shown.run_state) {
        let used = (shown.input_tokens, shown.output_tokens, shown.tool_calls);
        text.push_str(&format!(
            "\n{run} is {state}; {} US dollars, {} tokens in, {} out, {} tool calls\n",
            Nanos(shown.cost_nanos).to_usd(),
            used.0,
            used.1,
            used.2
        ));
        text.push_str(&table(head, shown.steps.iter().map(row).collect()));
    }
    text
}

fn letters(letters: &[DeadLetterView]) -> String {
    let row = |letter: &DeadLetterView| {
        [
            letter.id.clone(),
            letter.subject.clone(),
            or_dash(letter.task.as_deref()),
            letter.attempts.to_string(),
            short(&letter.at),
            or_dash(letter.verdict.as_deref()),
            letter.reason.clone(),
        ]
    };
    let head = ["ID", "WHERE", "TASK", "TRIES", "AT (UTC)", "RESOLVED", "WHY"];
    table(head, letters.iter().map(row).collect())
}

fn effects(effects: &[EffectView]) -> String {
    let row = |effect: &EffectView| {
        [
            effect.key.clone(),
            effect.what.clone(),
            effect.class.clone(),
            effect.task.clone(),
            effect.step.to_string(),
            short(&effect.since),
        ]
    };
    let head = ["KEY", "WHAT", "CLASS", "TASK", "STEP", "SINCE (UTC)"];
    table(head, effects.iter().map(row).collect())
}
