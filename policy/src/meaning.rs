//! What policies mean in Cedar's own terms. Annotations mean nothing to Cedar, and some of them deny:
//! a permit that needs an approval does not permit without one. Here each of those is a forbid of its
//! own beside the permit, so that the solver sees the decision that this engine takes.
//!
//! INVARIANT: the meaning permits what the engine permits, for every request that no policy fails
//! on. It permits more only where an approval is there and is not the one that was asked for: who
//! approved and how many is not told by a forbid.

use std::{collections::BTreeSet, fmt};

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};
use serde_json::{Value, json};
use types::Nanos;

use crate::{
    ask::AgentKind, bundle::AgentSource, family::Families, load::Engine, obligation::Obligations,
    source::Parsed,
};

/// Which policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The organisation's layer.
    Organisation,
    /// Its permits, whatever its forbids take away again.
    OrganisationPermits,
    /// An agent's own layer, of that agent's requests only.
    Agent(&'a str),
}

/// One thing that a permit obliges to and that denies nothing, so that the meaning of policies does
/// not tell of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// A kind is redacted.
    Redact(String),
    /// A kind that is redacted is not put back in the answer.
    Withhold(String),
    /// A kind is replaced in the answer.
    AnswerRedact(String),
    /// A kind stops the answer.
    AnswerBlock(String),
    /// A call costs so much at most.
    MaxCost(Nanos),
    /// A call has so many output tokens at most.
    MaxTokens(u64),
    /// Content is recorded in full.
    LogFull,
    /// The record is on the disk before the call goes out.
    AuditRequired,
}

impl Duty {
    fn of(obligations: &Obligations) -> Vec<Self> {
        let redact = obligations.redact.iter().cloned().map(Self::Redact);
        let withhold =
            obligations.withhold.iter().flat_map(|one| one.redact.difference(&one.restore));
        let withhold = withhold.cloned().map(Self::Withhold);
        let answer = obligations.answer_redact.iter().cloned().map(Self::AnswerRedact);
        let answer = answer.chain(obligations.answer_block.iter().cloned().map(Self::AnswerBlock));
        let caps = obligations.max_cost.map(Self::MaxCost).into_iter();
        let caps = caps.chain(obligations.max_tokens.map(Self::MaxTokens));
        let log = obligations.log_full.then_some(Self::LogFull);
        let audit = obligations.audit_required.then_some(Self::AuditRequired);
        redact.chain(withhold).chain(answer).chain(caps).chain(log).chain(audit).collect()
    }

    /// Whether obligations bring it, or something stricter.
    fn is_met_by(&self, obligations: &Obligations) -> bool {
        match self {
            Self::Redact(kind) => obligations.redact.contains(kind),
            Self::Withhold(kind) => obligations
                .withhold
                .iter()
                .any(|one| one.redact.contains(kind) && !one.restore.contains(kind)),
            Self::AnswerRedact(kind) => obligations.answer_redact.contains(kind),
            Self::AnswerBlock(kind) => obligations.answer_block.contains(kind),
            Self::MaxCost(most) => obligations.max_cost.is_some_and(|cap| cap <= *most),
            Self::MaxTokens(most) => obligations.max_tokens.is_some_and(|cap| cap <= *most),
            Self::LogFull => obligations.log_full,
            Self::AuditRequired => obligations.audit_required,
        }
    }
}

impl fmt::Display for Duty {
    /// What is missing without it: it fits after "permitted".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redact(kind) => write!(f, "without redacting {kind}"),
            Self::Withhold(kind) => write!(f, "with what was redacted as {kind} in the answer"),
            Self::AnswerRedact(kind) => write!(f, "without redacting {kind} in the answer"),
            Self::AnswerBlock(kind) => write!(f, "with {kind} in the answer"),
            Self::MaxCost(cap) => write!(f, "for more than {} US dollars", cap.to_usd()),
            Self::MaxTokens(cap) => write!(f, "with more than {cap} output tokens"),
            Self::LogFull => f.write_str("without being recorded in full"),
            Self::AuditRequired => f.write_str("without its record on the disk first"),
        }
    }
}

impl Engine {
    /// The meaning of a part of the policies. `tenant` is the name of the tenant that agents are in.
    pub fn meaning(&self, part: Part<'_>, tenant: &str) -> PolicySet {
        self.without(part, tenant, (None, self.families()))
    }

    /// The meaning, to be compared with that of another engine. With a duty: what a part permits without
    /// it, where every permit that brings the duty denies instead.
    pub fn compared(
        &self,
        other: &Self,
        part: Part<'_>,
        tenant: &str,
        duty: Option<&Duty>,
    ) -> PolicySet {
        self.without(part, tenant, (duty, &self.families().beside(other.families())))
    }

    /// The duties that the permits of a part bring and that its meaning does not tell of.
    pub fn duties(&self, part: Part<'_>) -> BTreeSet<Duty> {
        let policies = match part {
            Part::Organisation | Part::OrganisationPermits => self.organisation(),
            Part::Agent(name) => {
                self.agents().get(name).map_or(&[][..], |agent| agent.policies.as_slice())
            }
        };
        policies.iter().flat_map(|parsed| Duty::of(&parsed.rule.obligations)).collect()
    }

    fn without(&self, part: Part<'_>, tenant: &str, how: (Option<&Duty>, &Families)) -> PolicySet {
        match part {
            Part::Organisation => set(self.organisation().iter().flat_map(|p| meant(p, None, how))),
            Part::OrganisationPermits => {
                let permits = self.organisation().iter().filter(|p| is_permit(p));
                set(permits.map(|p| spelled(&p.policy, how.1)))
            }
            Part::Agent(name) => {
                let Some(agent) = self.agents().get(name) else { return PolicySet::new() };
                let only = only(name, agent, tenant);
                set(agent.policies.iter().flat_map(|p| meant(p, Some(&only), how)))
            }
        }
    }

    /// The names of the agents that have policies of their own.
    pub fn agent_names(&self) -> impl Iterator<Item = &str> {
        self.agents().keys().map(String::as_str)
    }

    /// Every policy that could fail at a decision. Where one does, the whole request is denied.
    pub(crate) fn doubtful(&self) -> impl Iterator<Item = &Parsed> {
        let own = self.agents().values().flat_map(|agent| &agent.policies);
        let all = self.organisation().iter().chain(own);
        all.filter(|parsed| may_fail(&parsed.policy))
    }
}

fn is_permit(parsed: &Parsed) -> bool {
    parsed.policy.effect() == Effect::Permit
}

fn set(policies: impl Iterator<Item = Policy>) -> PolicySet {
    let mut set = PolicySet::new();
    for policy in policies {
        // Loading has refused ids that are taken.
        let _ = set.add(policy);
    }
    set
}

/// A policy and the forbids that its obligations come to, narrowed by a condition in front.
fn meant(
    parsed: &Parsed,
    only: Option<&Value>,
    (duty, families): (Option<&Duty>, &Families),
) -> Vec<Policy> {
    let Ok(json) = parsed.policy.to_json() else { return vec![parsed.policy.clone()] };
    let id = parsed.policy.id();
    let with = |name: &str, effect: &str, clause: Option<Value>| {
        let mut json = json.clone();
        if let Value::Object(parts) = &mut json {
            parts.insert("effect".to_owned(), json!(effect));
            parts.insert("annotations".to_owned(), json!({}));
            let own = parts.remove("conditions");
            let own = own.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
            let front = only.map(|body| json!({ "kind": "when", "body": body }));
            let all: Vec<Value> = front.into_iter().chain(own).chain(clause).collect();
            let mut all = Value::Array(all);
            families.spell_out(&mut all);
            parts.insert("conditions".to_owned(), all);
        }
        Policy::from_json(Some(PolicyId::new(format!("{id}{name}"))), json).ok()
    };
    let effect = if is_permit(parsed) { "permit" } else { "forbid" };
    let mut forbids = denials(&parsed.rule.obligations);
    if duty.is_some_and(|duty| duty.is_met_by(&parsed.rule.obligations)) {
        forbids.push((":duty", json!({ "kind": "when", "body": { "Value": true } })));
    }
    let forbids =
        forbids.into_iter().filter_map(|(name, clause)| with(name, "forbid", Some(clause)));
    with("", effect, None).into_iter().chain(forbids).collect()
}

/// A policy with the kinds of the families that it names.
fn spelled(policy: &Policy, families: &Families) -> Policy {
    let Ok(mut json) = policy.to_json() else { return policy.clone() };
    families.spell_out(&mut json);
    Policy::from_json(Some(policy.id().clone()), json).unwrap_or_else(|_| policy.clone())
}

/// What of the obligations denies: each as the clause of a forbid, and a name for it.
fn denials(obligations: &Obligations) -> Vec<(&'static str, Value)> {
    let context = json!({ "Var": "context" });
    let resource = json!({ "Var": "resource" });
    let unless = |body: Value| json!({ "kind": "unless", "body": body });
    let mut all = Vec::new();
    if !obligations.block.is_empty() {
        let kinds: Vec<Value> =
            obligations.block.iter().map(|kind| json!({ "Value": kind })).collect();
        let found = json!({ ".": { "left": context, "attr": "kinds" } });
        let body = json!({ "containsAny": { "left": found, "right": { "Set": kinds } } });
        all.push((":block", json!({ "kind": "when", "body": body })));
    }
    if obligations.local_only {
        let locality = json!({ ".": { "left": resource, "attr": "locality" } });
        let local = json!({ "==": { "left": locality, "right": { "Value": "local" } } });
        all.push((":locality", unless(local)));
    }
    if let Some(days) = obligations.retention_days {
        let has = json!({ "has": { "left": resource, "attr": "retention_days" } });
        let kept = json!({ ".": { "left": resource, "attr": "retention_days" } });
        let within = json!({ "<=": { "left": kept, "right": { "Value": days } } });
        all.push((":retention", unless(json!({ "&&": { "left": has, "right": within } }))));
    }
    if obligations.dry_run_only {
        // A dry run calls nothing, and the context does not tell of it: what is proved is about calls.
        all.push((":dry_run", json!({ "kind": "when", "body": { "Value": true } })));
    }
    if obligations.approval.is_some() {
        let has = json!({ "has": { "left": context, "attr": "approval" } });
        all.push((":approval", unless(has)));
    }
    all
}

/// The condition that a request is this agent's: its name, its tenant and its groups.
fn only(name: &str, agent: &AgentSource<Vec<Parsed>>, tenant: &str) -> Value {
    let kind = match agent.kind {
        AgentKind::User => "Orchestack::Agent",
        AgentKind::System => "Orchestack::SystemAgent",
    };
    let principal = json!({ "Var": "principal" });
    let uid = |kind: &str, id: &str| json!({ "Value": { "__entity": { "type": kind, "id": id } } });
    let is = json!({ "==": { "left": principal, "right": uid(kind, name) } });
    let groups = agent.groups.iter().map(|group| uid("Orchestack::Group", group));
    let parents = std::iter::once(uid("Orchestack::Tenant", tenant)).chain(groups);
    parents.fold(is, |all, parent| {
        let is_in = json!({ "in": { "left": principal, "right": parent } });
        json!({ "&&": { "left": all, "right": is_in } })
    })
}

/// Operators that can fail on values that the validator accepts: sums that leave 64 bits, and
/// instants that leave the calendar.
const FAILING: &[&str] = &["+", "-", "*", "neg", "offset", "durationSince", "toDate"];

/// Whether a policy could fail at a decision. What is not known to be safe counts.
pub(crate) fn may_fail(policy: &Policy) -> bool {
    let Ok(json) = policy.to_json() else { return true };
    json.get("conditions").is_some_and(has_failing)
}

fn has_failing(node: &Value) -> bool {
    match node {
        Value::Array(parts) => parts.iter().any(has_failing),
        Value::Object(parts) => {
            parts.iter().any(|(name, part)| FAILING.contains(&name.as_str()) || has_failing(part))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
