//! The Policy Evaluator: asks policy about each task before anything of it is done.

use policy::{Denial, Starter, TaskPermit, TaskStart};
use serde_json::json;
use snapshot::{Agent, Snapshot};
use store::{
    Wakes,
    work::{Origin, Task, Work},
};
use tokio_util::sync::CancellationToken;
use types::{
    Actor, ActorType, AuditId, Integrity, Label, Priority, SessionId, Timestamp,
    audit::{Kind, Record},
    work::TaskKind,
};

use crate::{Error, Parts, people, terms::Terms, watch::Pauses};

/// Tasks that one look takes.
const BATCH: u32 = 256;

/// There is a task.
const WAKES: Wakes = Wakes { hears: &[], takes: &["tasks.create"] };

/// The Policy Evaluator.
pub struct Evaluator {
    parts: Parts,
}

impl Evaluator {
    /// An evaluator, not yet running.
    pub const fn build(parts: Parts) -> Self {
        Self { parts }
    }

    /// Runs until the end.
    pub async fn run(self, end: CancellationToken) {
        let work = self.parts.store.work();
        let mut pauses = Pauses::of(&self.parts, "evaluator", WAKES, end);
        loop {
            let changed = work.changed();
            let looked = self.look(&work).await;
            if !pauses.wait(changed, looked).await {
                break;
            }
        }
    }

    async fn look(&self, work: &Work) -> Result<bool, Error> {
        let tasks = work.created(BATCH).await?;
        for task in &tasks {
            self.decide(work, task).await?;
        }
        Ok(tasks.len() == BATCH as usize)
    }

    /// Decides one task, on record.
    async fn decide(&self, work: &Work, task: &Task) -> Result<(), Error> {
        let snapshot = self.parts.snapshots.load();
        let commit = snapshot.commit.clone();
        let Some(agent) = snapshot.agent(task.agent).filter(|_| task.tenant == snapshot.tenant)
        else {
            let reason = "the agent is no longer defined";
            let record = record(task, "policy_denied", &commit, json!({ "reason": reason }));
            work.deny(task.tenant, task.id, reason, &record).await?;
            return Ok(());
        };
        let origin = work.origin(task).await?;
        let giver = origin.parent.as_ref().map(|parent| snapshot.agent(parent.agent));
        let Some(giver) = giver.map_or(Some(None), |known| known.map(Some)) else {
            let reason = "the agent that gave the work is no longer defined";
            let record = record(task, "policy_denied", &commit, json!({ "reason": reason }));
            work.deny(task.tenant, task.id, reason, &record).await?;
            return Ok(());
        };
        match self.ask(&snapshot, (agent, giver), task, &origin).await? {
            Ok(permit) => {
                let terms = Terms::of(&permit, agent).within(origin.parent.as_ref());
                let detail = json!({ "policies": permit.policies(), "terms": terms });
                let record = record(task, "permit", permit.commit(), detail);
                let terms = store::work::Terms {
                    commit: permit.commit().to_owned(),
                    limits: json!(terms),
                    within: Some(self.parts.options.task_time),
                    priority: priority(task.kind),
                };
                work.permit(task.tenant, task.id, &terms, &record).await?;
            }
            Err(denial) => {
                let reason = denial.reason.to_string();
                let detail = json!({ "reason": reason, "policies": denial.policies });
                let record = record(task, "policy_denied", &denial.commit, detail);
                work.deny(task.tenant, task.id, &told(&denial), &record).await?;
            }
        }
        Ok(())
    }

    async fn ask(
        &self,
        snapshot: &Snapshot,
        (agent, giver): (&Agent, Option<&Agent>),
        task: &Task,
        origin: &Origin,
    ) -> Result<Result<TaskPermit, Denial>, Error> {
        let store = &self.parts.store;
        let person = if task.trusted && task.kind == TaskKind::Message {
            people::person(store, task.tenant, &task.person).await?
        } else {
            None
        };
        let by = match (task.kind, giver, &person) {
            (TaskKind::Schedule, ..) => Starter::Schedule,
            (_, Some(giver), _) => Starter::Agent(&giver.caller),
            (_, None, Some(person)) => Starter::Person(person),
            // Whoever lost their name since they wrote is nobody.
            (_, None, None) => Starter::Anonymous,
        };
        let (label, integrity) = standing(&self.parts, task, origin.session).await?;
        let start = TaskStart {
            id: task.id,
            by,
            agent: &agent.caller,
            connector: "",
            label: label.join(agent.label.unwrap_or(Label::Public)),
            integrity,
            now: Timestamp::now(),
        };
        let session = match task.session {
            Some(id) => store.work().session(task.tenant, id).await?,
            None => None,
        };
        let connector = session.as_ref().map_or("", |session| session.connector.as_str());
        Ok(snapshot.policy.decide_task(&TaskStart { connector, ..start }))
    }
}

/// How confidential the session is in which a task is done, and whether what is asked may be trusted.
pub(crate) async fn standing(
    parts: &Parts,
    task: &Task,
    session: SessionId,
) -> Result<(Label, Integrity), Error> {
    let own = if task.trusted { Integrity::Trusted } else { Integrity::Untrusted };
    let label = parts.store.session_labels().find(task.tenant, session).await?;
    let flow = parts.store.trust().find(task.tenant, session).await?;
    let integrity = flow.map_or(Integrity::Trusted, |flow| flow.integrity);
    let integrity = if own == Integrity::Trusted { integrity } else { own };
    Ok((label.map_or(Label::Public, |known| known.label), integrity))
}

const fn priority(kind: TaskKind) -> Priority {
    match kind {
        TaskKind::Message | TaskKind::Subagent => Priority::Interactive,
        TaskKind::Schedule => Priority::Batch,
    }
}

/// What whoever wrote is told. Which policies there are is for those who may see them.
fn told(denial: &Denial) -> String {
    format!("this agent may not do that for you: {}", denial.reason)
}

fn record(task: &Task, outcome: &str, commit: &str, mut detail: serde_json::Value) -> Record {
    if let Some(fields) = detail.as_object_mut() {
        fields.insert("agent".to_owned(), json!(task.agent));
        fields.insert("session".to_owned(), json!(task.session));
        fields.insert("cause".to_owned(), json!(task.kind));
        fields.insert("trusted".to_owned(), json!(task.trusted));
    }
    let user = matches!(task.kind, TaskKind::Message);
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant: task.tenant,
        kind: Kind::Decision,
        request: None,
        actor: Actor {
            kind: if user { ActorType::User } else { ActorType::System },
            id: task.person.clone(),
            auth: "connector".to_owned(),
        },
        action: "startTask".to_owned(),
        resource: task.id.to_string(),
        outcome: outcome.to_owned(),
        commit: commit.to_owned(),
        detail: detail.into(),
    }
}
