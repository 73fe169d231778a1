//! Tasks, what was given up of them, and effects that nobody knows about. Names, numbers and states; what
//! was said stays in its session.

mod view;

use axum::{Json, extract::Path};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::work::{self, Resolution};
use types::{DeadLetterId, ParseIdError, TaskId};
use utoipa::{IntoParams, ToSchema};

use crate::{
    agents,
    body::{Ask, Body},
    desk::{Act, Desk},
    error::{Error, Refusal},
};
use policy::Operation;
pub use view::{
    DeadLetterList, DeadLetterView, EffectList, EffectView, SessionList, SessionRow, StepView,
    TaskDetail, TaskList, TaskView,
};

/// How many rows a list shows where nobody says.
const LIMIT: u32 = 100;

/// Which tasks to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TaskFilter {
    /// Only those that stand there: `created`, `permitted`, `denied`, `queued`, `running`, `waiting`,
    /// `completed`, `failed`, `cancelled` or `dead`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only of this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Only of this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How many; 100 where absent, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How many rows to list, and which.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WorkFilter {
    /// Also those that somebody has resolved.
    #[serde(default)]
    pub all: bool,
    /// How many; 100 where absent, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Why a task is stopped.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStop {
    /// Why. It stays on record, and the conversation is told.
    #[serde(default)]
    pub reason: String,
}

/// What became of an effect.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewResolution {
    /// Its key, as the list has it.
    pub key: String,
    /// `happened`: go on behind it. `retry`: it did not happen, do it again. `abort`: it must not happen, the
    /// task fails.
    pub resolution: String,
}

/// Lists conversations, those first in which something happened last.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "sessions", params(WorkFilter),
    responses((status = 200, body = SessionList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn sessions(
    desk: Desk,
    Ask(ask): Ask<WorkFilter>,
) -> Result<Json<SessionList>, Error> {
    let act = desk.permit(Operation::SessionList, "").await?;
    let limit = ask.limit.unwrap_or(LIMIT);
    let found = act.control().store.work().sessions(act.tenant(), limit).await?;
    Ok(Json(SessionList { sessions: found.iter().map(SessionRow::of).collect() }))
}

/// Lists tasks, newest first.
#[utoipa::path(
    get, path = "/api/v1/tasks", tag = "work", params(TaskFilter),
    responses((status = 200, body = TaskList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn tasks(desk: Desk, Ask(ask): Ask<TaskFilter>) -> Result<Json<TaskList>, Error> {
    let act = desk.permit(Operation::TaskList, "").await?;
    let state = ask.state.as_deref().map(str::parse).transpose();
    let state = state.map_err(|error: types::UnknownName| {
        Error::invalid(error.to_string(), "leave it out to see all")
    })?;
    let agent = match &ask.agent {
        Some(name) => Some(agents::defined(&act, name).await?.id),
        None => None,
    };
    let session = ask.session.as_deref().map(str::parse).transpose().map_err(bad_id)?;
    let filter = work::Filter { state, agent, session };
    let limit = ask.limit.unwrap_or(LIMIT);
    let found = act.control().store.work().tasks(act.tenant(), &filter, limit).await?;
    Ok(Json(TaskList { tasks: found.iter().map(TaskView::of).collect() }))
}

/// Shows one task, how far its run is, and each of its steps.
#[utoipa::path(
    get, path = "/api/v1/tasks/{id}", tag = "work",
    params(("id" = String, Path, description = "The task's id, `tsk_...`")),
    responses((status = 200, body = TaskDetail), (status = "4XX", body = Refusal))
)]
pub(crate) async fn task(desk: Desk, Path(id): Path<String>) -> Result<Json<TaskDetail>, Error> {
    let task: TaskId = id.parse().map_err(bad_id)?;
    let act = desk.permit(Operation::TaskShow, &id).await?;
    detail(&act, task).await.map(Json)
}

/// Stops a task with everything that it asked for.
#[utoipa::path(
    post, path = "/api/v1/tasks/{id}/cancel", tag = "work", request_body = NewStop,
    params(("id" = String, Path, description = "The task's id, `tsk_...`")),
    responses((status = 200, body = TaskDetail), (status = "4XX", body = Refusal))
)]
pub(crate) async fn cancel(
    desk: Desk,
    Path(id): Path<String>,
    Body(ask): Body<NewStop>,
) -> Result<Json<TaskDetail>, Error> {
    let task: TaskId = id.parse().map_err(bad_id)?;
    let act = desk.showing(&ask).permit(Operation::TaskCancel, &id).await?;
    let record = act.record(json!({ "task": id, "reason": ask.reason.trim() }));
    let work = act.control().store.work();
    let reason = if ask.reason.trim().is_empty() { "a person stopped it" } else { &ask.reason };
    let stopped = work.cancel(act.permit(), task, reason.trim(), &record).await?;
    let shown = detail(&act, task).await?;
    if stopped {
        return Ok(Json(shown));
    }
    let message = format!("the task is {} already", shown.task.state);
    Err(Error::invalid(message, "nothing is left to stop"))
}

/// Has a task tried again that failed, was given up, or waits for exactly that.
#[utoipa::path(
    post, path = "/api/v1/tasks/{id}/retry", tag = "work",
    params(("id" = String, Path, description = "The task's id, `tsk_...`")),
    responses((status = 200, body = TaskDetail), (status = "4XX", body = Refusal))
)]
pub(crate) async fn retry(desk: Desk, Path(id): Path<String>) -> Result<Json<TaskDetail>, Error> {
    let task: TaskId = id.parse().map_err(bad_id)?;
    let act = desk.permit(Operation::TaskRetry, &id).await?;
    let record = act.record(json!({ "task": id }));
    act.control().store.work().retry(act.permit(), task, &record).await?;
    detail(&act, task).await.map(Json)
}

/// Lists what was given up.
#[utoipa::path(
    get, path = "/api/v1/dead-letters", tag = "work", params(WorkFilter),
    responses((status = 200, body = DeadLetterList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn dead_letters(
    desk: Desk,
    Ask(ask): Ask<WorkFilter>,
) -> Result<Json<DeadLetterList>, Error> {
    let act = desk.permit(Operation::DeadLetterList, "").await?;
    let limit = ask.limit.unwrap_or(LIMIT);
    let work = act.control().store.work();
    let found = work.dead_letters(act.tenant(), !ask.all, limit).await?;
    Ok(Json(DeadLetterList { dead_letters: found.iter().map(DeadLetterView::of).collect() }))
}

/// Shows one thing that was given up.
#[utoipa::path(
    get, path = "/api/v1/dead-letters/{id}", tag = "work",
    params(("id" = String, Path, description = "Its id, `dlt_...`")),
    responses((status = 200, body = DeadLetterView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn dead_letter(
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Json<DeadLetterView>, Error> {
    let letter: DeadLetterId = id.parse().map_err(bad_id)?;
    let act = desk.permit(Operation::DeadLetterShow, &id).await?;
    let found = act.control().store.work().dead_letter(act.tenant(), letter).await?;
    Ok(Json(DeadLetterView::of(&found)))
}

/// Has what was given up tried again: a task goes on with its journal, an event is published anew.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/{id}/retry", tag = "work",
    params(("id" = String, Path, description = "Its id, `dlt_...`")),
    responses((status = 200, body = DeadLetterView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn retry_dead_letter(
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Json<DeadLetterView>, Error> {
    let letter: DeadLetterId = id.parse().map_err(bad_id)?;
    let act = desk.permit(Operation::DeadLetterRetry, &id).await?;
    let record = act.record(json!({ "dead_letter": id }));
    let work = act.control().store.work();
    work.retry_dead_letter(act.permit(), letter, &record).await?;
    Ok(Json(DeadLetterView::of(&work.dead_letter(act.tenant(), letter).await?)))
}

/// Puts away what was given up.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/{id}/discard", tag = "work",
    params(("id" = String, Path, description = "Its id, `dlt_...`")),
    responses((status = 200, body = DeadLetterView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn discard(
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Json<DeadLetterView>, Error> {
    let letter: DeadLetterId = id.parse().map_err(bad_id)?;
    let act = desk.permit(Operation::DeadLetterDiscard, &id).await?;
    let record = act.record(json!({ "dead_letter": id }));
    let work = act.control().store.work();
    work.discard(act.permit(), letter, &record).await?;
    Ok(Json(DeadLetterView::of(&work.dead_letter(act.tenant(), letter).await?)))
}

/// Lists effects that nobody knows about: whether they happened, a person must say.
#[utoipa::path(
    get, path = "/api/v1/effects", tag = "work", params(WorkFilter),
    responses((status = 200, body = EffectList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn effects(
    desk: Desk,
    Ask(ask): Ask<WorkFilter>,
) -> Result<Json<EffectList>, Error> {
    let act = desk.permit(Operation::EffectList, "").await?;
    unknown(&act, ask.limit.unwrap_or(LIMIT)).await.map(Json)
}

/// Says what became of an effect, and shows those that still wait. The first word counts.
#[utoipa::path(
    post, path = "/api/v1/effects/resolve", tag = "work", request_body = NewResolution,
    responses((status = 200, body = EffectList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn resolve(
    desk: Desk,
    Body(ask): Body<NewResolution>,
) -> Result<Json<EffectList>, Error> {
    let act = desk.showing(&ask).permit(Operation::EffectResolve, &ask.key).await?;
    let resolution: Resolution = ask.resolution.parse().map_err(|error: types::UnknownName| {
        Error::invalid(error.to_string(), "say what became of it")
    })?;
    let record = act.record(json!({ "effect": ask.key, "resolution": resolution }));
    let work = act.control().store.work();
    work.resolve(act.permit(), &ask.key, resolution, &record).await?;
    unknown(&act, LIMIT).await.map(Json)
}

async fn unknown(act: &Act, limit: u32) -> Result<EffectList, Error> {
    let found = act.control().store.work().unknown(act.tenant(), limit).await?;
    Ok(EffectList { effects: found.iter().map(EffectView::of).collect() })
}

async fn detail(act: &Act, id: TaskId) -> Result<TaskDetail, Error> {
    let work = act.control().store.work();
    let missing = || work::Error::Missing { noun: "task", id: id.to_string() };
    let task = work.task(act.tenant(), id).await?.ok_or_else(missing)?;
    let run = work.run_of(act.tenant(), id).await?;
    let snapshot = act.control().snapshots.load();
    let sandbox = snapshot.agent(task.agent).and_then(|agent| agent.work.sandbox.clone());
    Ok(TaskDetail::of(&task, run.as_ref(), sandbox))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn bad_id(error: ParseIdError) -> Error {
    Error::invalid(error.to_string(), "the list shows every id")
}
