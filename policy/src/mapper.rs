//! Our values to Cedar's. Everything that policies can read is written here and nowhere else; the
//! schema says the same in Cedar's words.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request,
    RestrictedExpression as Value,
};
use types::{Nanos, Timestamp};

use crate::{
    ask::{
        AdminAct, AgentKind, ApprovalVote, Approved, BudgetFacts, Caller, ModelCall, ModelFacts,
        Person, Requester,
    },
    grant::Grant,
    reads::Reads,
};

/// The names of Cedar's types and actions, parsed once.
#[derive(Debug)]
pub(crate) struct Names {
    tenant: EntityTypeName,
    group: EntityTypeName,
    user: EntityTypeName,
    agent: EntityTypeName,
    system_agent: EntityTypeName,
    model: EntityTypeName,
    provider: EntityTypeName,
    pub(crate) tool: EntityTypeName,
    pub(crate) tool_server: EntityTypeName,
    pub(crate) call_model: EntityUid,
    pub(crate) call_tool: EntityUid,
    pub(crate) list_tool: EntityUid,
    pub(crate) administer: EntityUid,
    pub(crate) approve: EntityUid,
    pub(crate) start_task: EntityUid,
    pub(crate) send_message: EntityUid,
    pub(crate) spawn_subagent: EntityUid,
    pub(crate) start_sandbox: EntityUid,
    pub(crate) egress: EntityUid,
    pub(crate) channel: EntityTypeName,
    pub(crate) sandbox: EntityTypeName,
}

/// A value that Cedar does not take. The mapper makes none from our types except an instant beyond
/// the year 9999 or two models of one id; the decision is a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be put into Cedar's terms")]
pub(crate) struct Unmappable;

/// A person, the context, and what else is there.
#[derive(Debug)]
pub(crate) struct Facts {
    pub principal: EntityUid,
    pub context: Context,
    pub entities: Entities,
}

impl Names {
    /// Parses the names.
    ///
    /// # Errors
    /// Cedar's message, which would mean that a name here is misspelt.
    pub(crate) fn new() -> Result<Self, Box<cedar_policy::ParseErrors>> {
        let name = |text: &str| format!("Orchestack::{text}").parse().map_err(Box::new);
        let action: EntityTypeName = name("Action")?;
        Ok(Self {
            tenant: name("Tenant")?,
            group: name("Group")?,
            user: name("User")?,
            agent: name("Agent")?,
            system_agent: name("SystemAgent")?,
            model: name("Model")?,
            provider: name("Provider")?,
            tool: name("Tool")?,
            tool_server: name("ToolServer")?,
            call_model: uid(&action, "callModel"),
            call_tool: uid(&action, "callTool"),
            list_tool: uid(&action, "listTool"),
            administer: uid(&action, "administer"),
            approve: uid(&action, "approve"),
            start_task: uid(&action, "startTask"),
            send_message: uid(&action, "sendMessage"),
            spawn_subagent: uid(&action, "spawnSubagent"),
            start_sandbox: uid(&action, "startSandbox"),
            egress: uid(&action, "egress"),
            channel: name("Channel")?,
            sandbox: name("Sandbox")?,
        })
    }

    /// The entity of an agent.
    pub(crate) fn agent(&self, kind: AgentKind, name: &str) -> EntityUid {
        match kind {
            AgentKind::User => uid(&self.agent, name),
            AgentKind::System => uid(&self.system_agent, name),
        }
    }

    /// The entity of a model.
    pub(crate) fn model(&self, id: &str) -> EntityUid {
        uid(&self.model, id)
    }

    /// The entity of a provider.
    pub(crate) fn provider(&self, name: &str) -> EntityUid {
        uid(&self.provider, name)
    }

    /// The entity of a tenant.
    pub(crate) fn tenant(&self, name: &str) -> EntityUid {
        uid(&self.tenant, name)
    }

    /// Everything that an agent is in.
    pub(crate) fn parents(&self, caller: &Caller) -> HashSet<EntityUid> {
        let mut parents = self.groups(&caller.groups);
        parents.insert(self.tenant(&caller.tenant_name));
        parents
    }

    /// Whoever calls and the models that may be called.
    pub(crate) fn entities(
        &self,
        caller: Option<&Caller>,
        models: &[ModelFacts<'_>],
    ) -> Result<Entities, Unmappable> {
        let caller = caller.into_iter().map(|caller| self.caller_entity(caller));
        let all = caller.chain(models.iter().map(|model| self.model_entity(model)));
        let all: Vec<Entity> = all.collect::<Result<_, _>>()?;
        Entities::from_entities(all, None).map_err(|_| Unmappable)
    }

    /// A request to call a model.
    pub(crate) fn request(
        &self,
        principal: EntityUid,
        model: EntityUid,
        context: Context,
    ) -> Result<Request, Unmappable> {
        let action = self.call_model.clone();
        Request::new(principal, action, model, context, None).map_err(|_| Unmappable)
    }

    /// One act of administration.
    pub(crate) fn act(&self, act: &AdminAct<'_>) -> Result<Facts, Unmappable> {
        let (principal, entities) = self.person(act.actor, act.tenant_name)?;
        let user = |name: &str| Value::new_entity_uid(uid(&self.user, name));
        let until = |at| record([("until", instant(at))]);
        let optional = [
            ("owner", act.owner.map(user)),
            ("approval", act.approval.map(approval).transpose()?),
            ("break_glass", act.break_glass.map(until).transpose()?),
        ];
        let always = [
            ("operation", text(act.operation.as_str())),
            ("read_only", Value::new_bool(act.operation.is_read_only())),
            ("target", text(act.target)),
            ("now", instant(act.now)),
        ];
        Ok(Facts { principal, context: context(always, optional)?, entities })
    }

    /// One vote on a request for approval, and what it is a vote about.
    pub(crate) fn vote(&self, vote: &ApprovalVote<'_>) -> Result<(Facts, EntityUid), Unmappable> {
        let (principal, entities) = self.person(vote.actor, vote.tenant_name)?;
        let user = |name: &str| Value::new_entity_uid(uid(&self.user, name));
        let (resource, requester, owner) = match vote.requester {
            Requester::Agent { kind, name, owner } => {
                (self.agent(kind, name), None, Some(owner).filter(|owner| !owner.is_empty()))
            }
            Requester::User(name) => (self.tenant(vote.tenant_name), Some(name), None),
        };
        let optional = [("requester", requester.map(user)), ("owner", owner.map(user))];
        let always =
            [("kind", text(vote.kind)), ("role", text(vote.role)), ("now", instant(vote.now))];
        Ok((Facts { principal, context: context(always, optional)?, entities }, resource))
    }

    fn person(&self, person: &Person, tenant: &str) -> Result<(EntityUid, Entities), Unmappable> {
        let entity = self.person_entity(person, tenant);
        let principal = entity.uid();
        let entities = Entities::from_entities([entity], None).map_err(|_| Unmappable)?;
        Ok((principal, entities))
    }

    /// The entity of a person.
    pub(crate) fn person_entity(&self, person: &Person, tenant: &str) -> Entity {
        let mut parents = self.groups(&person.groups);
        parents.insert(self.tenant(tenant));
        Entity::new_no_attrs(uid(&self.user, &person.name), parents)
    }

    pub(crate) fn caller_entity(&self, caller: &Caller) -> Result<Entity, Unmappable> {
        let principal = self.agent(caller.agent_kind, &caller.agent_name);
        let attributes = HashMap::from([("name".to_owned(), text(&caller.agent_name))]);
        Entity::new(principal, attributes, self.parents(caller)).map_err(|_| Unmappable)
    }

    fn model_entity(&self, model: &ModelFacts<'_>) -> Result<Entity, Unmappable> {
        let mut attributes = HashMap::from([
            ("name".to_owned(), text(model.id)),
            ("locality".to_owned(), text(model.locality.as_str())),
            ("size".to_owned(), text(model.size)),
            ("privacy".to_owned(), text(model.privacy)),
            ("simulator".to_owned(), Value::new_bool(model.simulator)),
        ]);
        let days = model.retention_days.map(|days| Value::new_long(i64::from(days)));
        attributes.extend(days.map(|days| ("retention_days".to_owned(), days)));
        let parents = HashSet::from([self.provider(model.provider)]);
        Entity::new(self.model(model.id), attributes, parents).map_err(|_| Unmappable)
    }

    /// The entities of groups.
    pub(crate) fn groups(&self, groups: &[String]) -> HashSet<EntityUid> {
        groups.iter().map(|group| uid(&self.group, group)).collect()
    }
}

/// The context of a model call as far as it is read: building a value costs as much as reading it.
pub(crate) fn call_context(call: &ModelCall<'_>, reads: Reads) -> Result<Context, Unmappable> {
    let mut pairs = Vec::new();
    let mut put = |name: &str, value| pairs.push((name.to_owned(), value));
    if reads.has(Reads::LABEL) {
        put("label", text(call.label.as_str()));
    }
    if reads.has(Reads::LABEL_RANK) {
        put("label_rank", Value::new_long(i64::from(call.label.rank())));
    }
    if reads.has(Reads::INTEGRITY) {
        put("integrity", text(call.integrity.as_str()));
    }
    if reads.has(Reads::KINDS) {
        put("kinds", Value::new_set(call.kinds.iter().map(|kind| text(kind))));
    }
    if reads.has(Reads::REQUEST) {
        put("request", request(call, reads)?);
    }
    if reads.has(Reads::BUDGET) {
        put("budget", budget(call.budget, reads)?);
    }
    if reads.has(Reads::CALLS) {
        put("session", record([("calls", count(call.session.calls))])?);
    }
    if let Some(approved) = call.approval.filter(|_| reads.has(Reads::APPROVAL)) {
        put("approval", approval(approved)?);
    }
    if let Some(held) = call.caller.grant.as_ref().filter(|_| reads.has(Reads::GRANT)) {
        put("grant", grant(held)?);
    }
    if reads.has(Reads::NOW) {
        put("now", instant(whole_second(call.now)));
    }
    Context::from_pairs(pairs).map_err(|_| Unmappable)
}

fn request(call: &ModelCall<'_>, reads: Reads) -> Result<Value, Unmappable> {
    let facts = &call.request;
    let limit = facts.max_output_tokens.map(count);
    let all = [
        (Reads::ENDPOINT, "endpoint", Some(text(facts.endpoint))),
        (Reads::STREAM, "stream", Some(Value::new_bool(facts.stream))),
        (Reads::TOOLS, "tools", Some(Value::new_bool(facts.tools))),
        (Reads::IMAGES, "images", Some(Value::new_bool(facts.images))),
        (Reads::INPUT_BOUND, "input_tokens_bound", Some(count(facts.input_tokens_bound))),
        (Reads::MAX_OUTPUT, "max_output_tokens", limit),
    ];
    read_of(all, reads)
}

pub(crate) fn budget(facts: BudgetFacts, reads: Reads) -> Result<Value, Unmappable> {
    let used = Value::new_long(i64::from(facts.used_percent));
    let remaining = facts.remaining.map(|Nanos(nanos)| Value::new_long(nanos));
    let all = [
        (Reads::USED_PERCENT, "used_percent", Some(used)),
        (Reads::REMAINING, "remaining", remaining),
    ];
    read_of(all, reads)
}

pub(crate) fn approval(approved: &Approved) -> Result<Value, Unmappable> {
    let roles = Value::new_set(approved.roles.iter().map(|role| text(role)));
    record([("roles", roles), ("approvers", Value::new_long(i64::from(approved.approvers)))])
}

pub(crate) fn grant(grant: &Grant) -> Result<Value, Unmappable> {
    let all = [
        ("task", grant.task.map(|id| id.to_string())),
        ("run", grant.run.map(|id| id.to_string())),
        ("session", grant.session.map(|id| id.to_string())),
    ];
    record(all.into_iter().filter_map(|(name, id)| Some((name, text(&id?)))))
}

/// A context of what is always there and of what there is of the rest.
pub(crate) fn context<const A: usize, const O: usize>(
    always: [(&'static str, Value); A],
    optional: [(&'static str, Option<Value>); O],
) -> Result<Context, Unmappable> {
    let there = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let pairs = always.into_iter().chain(there).map(|(name, value)| (name.to_owned(), value));
    Context::from_pairs(pairs).map_err(|_| Unmappable)
}

/// A record of those fields that there are and that are read.
fn read_of(
    all: impl IntoIterator<Item = (Reads, &'static str, Option<Value>)>,
    reads: Reads,
) -> Result<Value, Unmappable> {
    let read = all.into_iter().filter(|(fact, ..)| reads.has(*fact));
    record(read.filter_map(|(_, name, value)| Some((name, value?))))
}

/// The second that an instant lies in: what policies know of the time of a call.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0.saturating_sub(at.0.rem_euclid(1_000_000)))
}

pub(crate) fn record(
    fields: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<Value, Unmappable> {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::new_record(fields).map_err(|_| Unmappable)
}

pub(crate) fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

pub(crate) fn text(value: &str) -> Value {
    Value::new_string(value.to_owned())
}

/// A count as Cedar's signed long. What does not fit is beyond every limit that a policy can name.
pub(crate) fn count(value: u64) -> Value {
    Value::new_long(i64::try_from(value).unwrap_or(i64::MAX))
}

/// An instant in the form that Cedar reads: RFC 3339 in UTC with milliseconds. Our own print has
/// microseconds; the last three digits are cut, which rounds down.
pub(crate) fn instant(at: Timestamp) -> Value {
    let full = at.to_string();
    let milliseconds =
        full.strip_suffix('Z').and_then(|text| text.get(..text.len().checked_sub(3)?));
    Value::new_datetime(milliseconds.map_or(full.clone(), |text| format!("{text}Z")))
}

#[cfg(test)]
#[path = "mapper_tests.rs"]
mod tests;
