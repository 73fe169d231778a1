//! Durable work: from a message to the end of its task.

mod claims;
mod life;
mod people;
mod shuffled;
mod steps;
mod wakes;

use std::time::Duration;

use serde_json::{Value, json};
use store::{
    Store,
    work::{
        Accepted, Begun, Claim, End, NewEffect, NewMessage, NewStep, Quotas, StepEnd, Terms, Usage,
    },
};
use types::{
    Nanos, Payload, Priority, TaskId,
    audit::Kind,
    work::{EffectClass, StepKind},
};

use crate::support::{agent_id, record, tenant};

pub(crate) const LEASE: Duration = Duration::from_secs(60);

pub(crate) fn payload(value: Value) -> Payload {
    let size_bytes = value.to_string().len() as u64;
    Payload::Inline { content_type: "application/json".to_owned(), size_bytes, inline: value }
}

pub(crate) fn message(conversation: &str, id: &str) -> NewMessage {
    NewMessage {
        tenant: tenant(),
        connector: "webchat".to_owned(),
        conversation: conversation.to_owned(),
        agent: agent_id(),
        message_id: id.to_owned(),
        person: "ann".to_owned(),
        trusted: true,
        body: payload(json!({ "text": format!("{id}, with a nul \u{0}") })),
        trace: None,
    }
}

pub(crate) async fn accept(store: &Store, conversation: &str, id: &str) -> Accepted {
    store.work().accept(&message(conversation, id)).await.unwrap()
}

pub(crate) fn terms() -> Terms {
    Terms {
        commit: "c0ffee".to_owned(),
        limits: json!({ "steps": 10 }),
        within: None,
        priority: Priority::Interactive,
    }
}

/// What the scheduler, the evaluator and the dispatcher do.
pub(crate) async fn advance(store: &Store) {
    let work = store.work();
    work.schedule(100).await.unwrap();
    for task in work.created(100).await.unwrap() {
        work.permit(tenant(), task.id, &terms(), &record(Kind::Decision)).await.unwrap();
    }
    work.dispatch(&Quotas::default()).await.unwrap();
}

pub(crate) async fn claim(store: &Store) -> Claim {
    store.work().claim("worker", LEASE).await.unwrap().expect("a run to claim")
}

/// A claim on the task of a new message.
pub(crate) async fn claimed(store: &Store, id: &str) -> Claim {
    accept(store, "c1", id).await;
    advance(store).await;
    claim(store).await
}

pub(crate) async fn state(store: &Store, task: TaskId) -> &'static str {
    store.work().task(tenant(), task).await.unwrap().unwrap().state.as_str()
}

pub(crate) fn step(no: u32, class: Option<EffectClass>) -> NewStep {
    NewStep {
        no,
        kind: if class.is_some() { StepKind::Tool } else { StepKind::Model },
        input_hash: format!("{no:064x}"),
        effect: class.map(|class| NewEffect {
            key: format!("key-{no}"),
            class,
            what: "shell.exec".to_owned(),
            args_hash: "ab".repeat(32),
        }),
    }
}

pub(crate) fn ended(no: u32, end: End) -> StepEnd {
    StepEnd {
        no,
        end,
        output: payload(json!({ "out": no })),
        receipt: Some(json!({ "status": 0 })),
        used: Usage { cost: Nanos(5), input_tokens: 10, output_tokens: 2, tool_calls: 1 },
        request: None,
        transcript: Vec::new(),
    }
}

pub(crate) async fn begin(store: &Store, claim: &Claim, step: &NewStep) -> Begun {
    store.work().begin_step(claim, step).await.unwrap()
}
