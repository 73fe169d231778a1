//! Decisions about the work of agents: who may have an agent do something, and what it may say where. The
//! only maker of a [`TaskPermit`] and of a [`MessagePermit`].

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression as Value};
use types::{Integrity, Label, Nanos, TaskId, Timestamp};

use crate::{
    administer::Denial,
    ask::{Caller, Person},
    decide::blocked,
    load::Engine,
    mapper::{self, Names, Unmappable, instant, text, uid, whole_second},
    obligation::Obligations,
    reason::DenyReason,
    rule::Rule,
};

/// The name by which policies know whoever has not proved who they are.
pub const ANONYMOUS: &str = "anonymous";

/// One piece of work that wants a decision before it is begun.
#[derive(Debug, Clone, Copy)]
pub struct TaskStart<'a> {
    /// The task.
    pub id: TaskId,
    /// Who asks for it.
    pub by: Starter<'a>,
    /// The agent that shall do it.
    pub agent: &'a Caller,
    /// The connector that the message came by; empty for a schedule.
    pub connector: &'a str,
    /// How confidential its session is.
    pub label: Label,
    /// Whether what is asked may be trusted.
    pub integrity: Integrity,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// Who asks for a task.
#[derive(Debug, Clone, Copy)]
pub enum Starter<'a> {
    /// A person who proved who they are.
    Person(&'a Person),
    /// A person who did not.
    Anonymous,
    /// The agent itself, by its schedule.
    Schedule,
    /// Another agent, which gives it a part of its own work.
    Agent(&'a Caller),
}

/// Work that an agent wants to give to another one.
#[derive(Debug, Clone, Copy)]
pub struct Spawn<'a> {
    /// Who gives it.
    pub agent: &'a Caller,
    /// Who shall do it.
    pub child: &'a Caller,
    /// How confidential the session is.
    pub label: Label,
    /// Whether what the session has seen may be trusted.
    pub integrity: Integrity,
    /// How often the work was given to another agent then: 1 for a part of what a message or a schedule began.
    pub depth: u32,
    /// What the run has given away already.
    pub children: u32,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// One message that wants to leave through a connector.
#[derive(Debug, Clone, Copy)]
pub struct MessageOut<'a> {
    /// The task that it answers.
    pub task: TaskId,
    /// The agent that says it.
    pub agent: &'a Caller,
    /// The platform, such as `webchat`.
    pub platform: &'a str,
    /// The room, thread or mailbox on it: `Orchestack::Channel::"<platform>/<channel>"`.
    pub channel: &'a str,
    /// How confidential its session is.
    pub label: Label,
    /// Whether what the session has seen may be trusted.
    pub integrity: Integrity,
    /// The kinds of data that DLP found in it.
    pub kinds: &'a [&'a str],
    /// Tasks of the session before this one.
    pub calls: u64,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// Proof that policy lets an agent begin a task. Only [`Engine::decide_task`] makes one.
#[derive(Debug, Clone)]
pub struct TaskPermit {
    task: TaskId,
    commit: String,
    policies: Vec<String>,
    max_cost: Option<Nanos>,
}

/// Proof that policy lets an agent give work to another one. Only [`Engine::decide_spawn`] makes one.
#[derive(Debug, Clone)]
pub struct SpawnPermit {
    commit: String,
    policies: Vec<String>,
}

/// Proof that policy lets a message leave. Only [`Engine::decide_message`] makes one.
#[derive(Debug, Clone)]
pub struct MessagePermit {
    task: TaskId,
    commit: String,
    policies: Vec<String>,
    redact: BTreeSet<String>,
}

impl Engine {
    /// Decides whether a task is begun. Pure: what cannot be evaluated is denied.
    ///
    /// # Errors
    /// The denial with its reason.
    pub fn decide_task(&self, start: &TaskStart<'_>) -> Result<TaskPermit, Denial> {
        let asked = self.names().task(start);
        let rules =
            asked.map_err(|_| self.refusal(DenyReason::Error, Vec::new())).and_then(|asked| {
                let judged = self.tasks().judge(&start.agent.agent_name, &asked);
                judged.map_err(|refused| self.refusal(refused.reason, refused.policies))
            })?;
        let obligations = joined(&rules);
        Ok(TaskPermit {
            task: start.id,
            commit: self.commit().to_owned(),
            policies: ids(&rules),
            max_cost: obligations.max_cost,
        })
    }

    /// Decides whether a message leaves. Pure: what cannot be evaluated is denied.
    ///
    /// # Errors
    /// The denial with its reason.
    pub fn decide_message(&self, message: &MessageOut<'_>) -> Result<MessagePermit, Denial> {
        let found = self.families().closed(message.kinds);
        let message = &MessageOut { kinds: &found, ..*message };
        let asked = self.names().message(message);
        let rules =
            asked.map_err(|_| self.refusal(DenyReason::Error, Vec::new())).and_then(|asked| {
                let judged = self.messages().judge(&message.agent.agent_name, &asked);
                judged.map_err(|refused| self.refusal(refused.reason, refused.policies))
            })?;
        let obligations = joined(&rules);
        if let Some((reason, asks)) = blocked(&obligations, message.kinds) {
            let by = rules.iter().filter(|rule| asks(&rule.obligations));
            return Err(self.refusal(reason, by.map(|rule| rule.id.clone()).collect()));
        }
        Ok(MessagePermit {
            task: message.task,
            commit: self.commit().to_owned(),
            policies: ids(&rules),
            redact: obligations.redact,
        })
    }

    /// Decides whether an agent gives work to another one. Whether that one takes it is decided when it begins.
    /// Pure: what cannot be evaluated is denied.
    ///
    /// # Errors
    /// The denial with its reason.
    pub fn decide_spawn(&self, spawn: &Spawn<'_>) -> Result<SpawnPermit, Denial> {
        let asked = self.names().spawn(spawn);
        let rules =
            asked.map_err(|_| self.refusal(DenyReason::Error, Vec::new())).and_then(|asked| {
                let judged = self.spawns().judge(&spawn.agent.agent_name, &asked);
                judged.map_err(|refused| self.refusal(refused.reason, refused.policies))
            })?;
        Ok(SpawnPermit { commit: self.commit().to_owned(), policies: ids(&rules) })
    }

    fn refusal(&self, reason: DenyReason, policies: Vec<String>) -> Denial {
        Denial { reason, policies, commit: self.commit().to_owned() }
    }
}

impl TaskPermit {
    /// The task that was decided.
    pub const fn task(&self) -> TaskId {
        self.task
    }

    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The ids of the policies of both layers that permit it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// The most that all calls of the task may cost: `@max_cost`.
    pub const fn max_cost(&self) -> Option<Nanos> {
        self.max_cost
    }
}

impl SpawnPermit {
    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The ids of the policies of both layers that permit it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }
}

impl MessagePermit {
    /// The task that the message answers.
    pub const fn task(&self) -> TaskId {
        self.task
    }

    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The ids of the policies of both layers that permit it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// The kinds that must not be in it when it leaves: `@redact`.
    pub const fn redact(&self) -> &BTreeSet<String> {
        &self.redact
    }
}

impl Names {
    fn task(&self, start: &TaskStart<'_>) -> Result<(Request, Entities), Unmappable> {
        let agent = self.caller_entity(start.agent)?;
        let (resource, tenant) = (agent.uid(), &start.agent.tenant_name);
        let (principal, cause) = match start.by {
            Starter::Person(person) => (Some(self.person_entity(person, tenant)), "message"),
            Starter::Anonymous => {
                let nobody = Person { name: ANONYMOUS.to_owned(), groups: Vec::new() };
                (Some(self.person_entity(&nobody, tenant)), "message")
            }
            Starter::Schedule => (None, "schedule"),
            Starter::Agent(other) if other.agent == start.agent.agent => (None, "subagent"),
            Starter::Agent(other) => (Some(self.caller_entity(other)?), "subagent"),
        };
        let by = principal.as_ref().map_or_else(|| resource.clone(), Entity::uid);
        let signed_in = !matches!(start.by, Starter::Anonymous);
        let always = [
            ("cause", text(cause)),
            ("connector", text(start.connector)),
            ("signed_in", Value::new_bool(signed_in)),
            ("label", text(start.label.as_str())),
            ("label_rank", Value::new_long(i64::from(start.label.rank()))),
            ("integrity", text(start.integrity.as_str())),
            ("now", instant(whole_second(start.now))),
        ];
        let entities = principal.into_iter().chain([agent]);
        asked((by, self.start_task.clone(), resource), mapper::context(always, [])?, entities)
    }

    fn spawn(&self, spawn: &Spawn<'_>) -> Result<(Request, Entities), Unmappable> {
        let (agent, child) = (self.caller_entity(spawn.agent)?, self.caller_entity(spawn.child)?);
        let who = (agent.uid(), self.spawn_subagent.clone(), child.uid());
        let always = [
            ("label", text(spawn.label.as_str())),
            ("label_rank", Value::new_long(i64::from(spawn.label.rank()))),
            ("integrity", text(spawn.integrity.as_str())),
            ("depth", mapper::count(spawn.depth.into())),
            ("children", mapper::count(spawn.children.into())),
            ("now", instant(whole_second(spawn.now))),
        ];
        let same = agent.uid() == child.uid();
        let entities = std::iter::once(agent).chain(Some(child).filter(|_| !same));
        asked(who, mapper::context(always, [])?, entities)
    }

    fn message(&self, message: &MessageOut<'_>) -> Result<(Request, Entities), Unmappable> {
        let agent = self.caller_entity(message.agent)?;
        let channel = uid(&self.channel, &format!("{}/{}", message.platform, message.channel));
        let attributes = HashMap::from([("platform".to_owned(), text(message.platform))]);
        let parents = [self.tenant(&message.agent.tenant_name)].into();
        let entity = Entity::new(channel.clone(), attributes, parents).map_err(|_| Unmappable)?;
        let session = mapper::record([("calls", mapper::count(message.calls))])?;
        let always = [
            ("label", text(message.label.as_str())),
            ("label_rank", Value::new_long(i64::from(message.label.rank()))),
            ("integrity", text(message.integrity.as_str())),
            ("kinds", Value::new_set(message.kinds.iter().map(|kind| text(kind)))),
            ("session", session),
            ("now", instant(whole_second(message.now))),
        ];
        let who = (agent.uid(), self.send_message.clone(), channel);
        asked(who, mapper::context(always, [])?, [agent, entity])
    }
}

fn asked(
    (principal, action, resource): (EntityUid, EntityUid, EntityUid),
    context: Context,
    entities: impl IntoIterator<Item = Entity>,
) -> Result<(Request, Entities), Unmappable> {
    let entities = Entities::from_entities(entities, None).map_err(|_| Unmappable)?;
    let request = Request::new(principal, action, resource, context, None);
    Ok((request.map_err(|_| Unmappable)?, entities))
}

fn joined(rules: &[&Rule]) -> Obligations {
    let mut obligations = Obligations::default();
    rules.iter().for_each(|rule| obligations.join(&rule.obligations));
    obligations
}

fn ids(rules: &[&Rule]) -> Vec<String> {
    rules.iter().map(|rule| rule.id.clone()).collect()
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
