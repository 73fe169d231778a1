//! How tasks, sessions, dead letters and effects are shown: names, numbers and states, and no content.

use serde::{Deserialize, Serialize};
use store::work::{DeadLetter, Run, Session, Step, Task, Unknown};
use utoipa::ToSchema;

/// One conversation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// The agent's id.
    pub agent: String,
    /// Such as `webchat`.
    pub connector: String,
    /// Who began it.
    pub person: String,
    /// Whether everybody who wrote in it is trusted.
    pub trusted: bool,
    /// How many messages came.
    pub messages: i64,
    /// How many of them wait for their turn.
    pub waiting: i64,
    /// The task that is worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_task: Option<String>,
    /// When it was begun.
    pub created_at: String,
    /// When something last happened in it.
    pub active_at: String,
}

/// Conversations.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    /// Those first in which something happened last.
    pub sessions: Vec<SessionRow>,
}

/// One task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskView {
    /// Its id.
    pub id: String,
    /// The agent's id.
    pub agent: String,
    /// `message`, `schedule` or `subagent`.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// Why it was denied, failed, stopped or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The approval or `children` that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// Its conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The run that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_run: Option<String>,
    /// On whose behalf it is done.
    pub person: String,
    /// How often it was put into the queue since a person last asked for it.
    pub attempts: i64,
    /// The commit whose policies permitted it.
    pub commit: String,
    /// When it was made.
    pub created_at: String,
    /// When it fails by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_at: Option<String>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// Tasks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    /// Newest first.
    pub tasks: Vec<TaskView>,
}

/// One step of a run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// Its number.
    pub no: u32,
    /// `model`, `tool`, `summary`, `subagent` or `message`.
    pub kind: String,
    /// `started`, `done`, `failed`, `waiting` or `unknown`.
    pub state: String,
    /// How often it was begun.
    pub attempts: i64,
    /// The tool or connector that it has an effect by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The class of its effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Where its effect stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// What it cost over all attempts, in nano-dollars; absent where it cost nothing of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_nanos: Option<i64>,
    /// The request that it made last, `req_...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// When it was last begun.
    pub started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// One task with its run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskDetail {
    /// The task.
    pub task: TaskView,
    /// Its run; nothing before it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Where the run stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_state: Option<String>,
    /// The worker that has it, or had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// The profile of the sandbox that the agent's commands run in, as the tree in force has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The capability grant that the run calls with, once it has one: `credential` of the list of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// What it cost so far, in nano-dollars.
    pub cost_nanos: i64,
    /// Tokens that models read.
    pub input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
    /// Calls of tools.
    pub tool_calls: u64,
    /// Its steps, in order.
    pub steps: Vec<StepView>,
}

/// What was given up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterView {
    /// Its id.
    pub id: String,
    /// Where it was given up.
    pub subject: String,
    /// The task, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Why.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was given up.
    pub at: String,
    /// `retried` or `discarded`, once somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
}

/// What was given up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterList {
    /// Newest first.
    pub dead_letters: Vec<DeadLetterView>,
}

/// An effect that nobody knows about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EffectView {
    /// Its key.
    pub key: String,
    /// The tool or connector.
    pub what: String,
    /// Its class.
    pub class: String,
    /// SHA-256 of its arguments, in hexadecimal.
    pub args_hash: String,
    /// The task.
    pub task: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: u32,
    /// Since when nobody knows.
    pub since: String,
}

/// Effects that nobody knows about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EffectList {
    /// Oldest first.
    pub effects: Vec<EffectView>,
}

impl SessionRow {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            agent: session.agent.to_string(),
            connector: session.connector.clone(),
            person: session.person.clone(),
            trusted: session.trusted,
            messages: session.last_seq,
            waiting: session.last_seq - session.taken_seq,
            active_task: session.active_task.map(|id| id.to_string()),
            created_at: session.created_at.to_string(),
            active_at: session.active_at.to_string(),
        }
    }
}

impl TaskView {
    pub(super) fn of(task: &Task) -> Self {
        Self {
            id: task.id.to_string(),
            agent: task.agent.to_string(),
            kind: task.kind.to_string(),
            state: task.state.to_string(),
            reason: task.reason.clone(),
            waiting_for: task.waiting_for.clone(),
            session: task.session.map(|id| id.to_string()),
            parent_run: task.parent_run.map(|id| id.to_string()),
            person: task.person.clone(),
            attempts: task.attempts,
            commit: task.commit.clone(),
            created_at: task.created_at.to_string(),
            deadline_at: task.deadline_at.map(|at| at.to_string()),
            ended_at: task.ended_at.map(|at| at.to_string()),
        }
    }
}

impl TaskDetail {
    pub(super) fn of(task: &Task, run: Option<&Run>, sandbox: Option<String>) -> Self {
        let used = run.map(|run| run.used).unwrap_or_default();
        Self {
            task: TaskView::of(task),
            run: run.map(|run| run.id.to_string()),
            run_state: run.map(|run| run.state.to_string()),
            worker: run.map(|run| run.owner.clone()).filter(|owner| !owner.is_empty()),
            sandbox,
            grant: run.and_then(|run| run.grant).map(|id| id.to_string()),
            cost_nanos: used.cost.0,
            input_tokens: used.input_tokens,
            output_tokens: used.output_tokens,
            tool_calls: used.tool_calls,
            steps: run.map(|run| run.steps.iter().map(StepView::of).collect()).unwrap_or_default(),
        }
    }
}

impl StepView {
    fn of(step: &Step) -> Self {
        let effect = step.effect.as_ref();
        Self {
            no: step.no,
            kind: step.kind.to_string(),
            state: step.state.to_string(),
            attempts: step.attempts,
            what: effect.map(|effect| effect.what.clone()),
            class: effect.map(|effect| effect.class.to_string()),
            effect: effect.map(|effect| effect.state.to_string()),
            cost_nanos: Some(step.cost.0).filter(|cost| *cost != 0),
            request: step.request.map(|id| id.to_string()),
            started_at: step.started_at.to_string(),
            ended_at: step.ended_at.map(|at| at.to_string()),
        }
    }
}

impl DeadLetterView {
    pub(super) fn of(letter: &DeadLetter) -> Self {
        Self {
            id: letter.id.to_string(),
            subject: letter.subject.clone(),
            task: letter.task.map(|id| id.to_string()),
            reason: letter.reason.clone(),
            attempts: letter.attempts,
            at: letter.at.to_string(),
            verdict: letter.verdict.map(|verdict| verdict.to_string()),
            resolved_by: letter.resolved_by.clone(),
            resolved_at: letter.resolved_at.map(|at| at.to_string()),
        }
    }
}

impl EffectView {
    pub(super) fn of(effect: &Unknown) -> Self {
        Self {
            key: effect.key.clone(),
            what: effect.what.clone(),
            class: effect.class.to_string(),
            args_hash: effect.args_hash.clone(),
            task: effect.task.to_string(),
            run: effect.run.to_string(),
            step: effect.step,
            since: effect.since.to_string(),
        }
    }
}
