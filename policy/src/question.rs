//! Any question that the schema has an action for, in Cedar's own terms. Model calls and acts of
//! people have a form of their own; this one serves decision cases, explanations and examples of
//! the solver, which speak about every action.

use std::collections::BTreeSet;

use cedar_policy::{Context, Entities, EntityUid, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    decide::join,
    layer::{PolicyLayer, Verdict},
    load::{Engine, about},
    obligation::Obligations,
    reason::DenyReason,
    source::Parsed,
};

/// A request in Cedar's terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Such as `Orchestack::Agent::"default"`.
    pub principal: String,
    /// The action's name, such as `callTool`.
    pub action: String,
    /// Such as `Orchestack::Tool::"mail.send"`.
    pub resource: String,
    /// The context in Cedar's JSON form.
    #[serde(default = "empty_record")]
    pub context: Value,
    /// Entities with their attributes and parents in Cedar's JSON form.
    #[serde(default = "empty_list")]
    pub entities: Value,
}

/// What is answered to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What must be done, or why it is denied.
    pub decision: Result<Obligations, DenyReason>,
    /// The policies that decided.
    pub policies: Vec<String>,
}

/// A question that is none: a name or a value that the schema does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoQuestion(pub(crate) String);

impl Engine {
    /// Answers a question from both layers where an agent asks, and from the organisation's where
    /// somebody else does. Obligations that Cedar's terms can tell are held to: blocked kinds,
    /// locality, retention and approvals.
    ///
    /// # Errors
    /// [`NoQuestion`] where the question is not one of the schema's.
    pub fn answer(&self, question: &Question) -> Result<Answer, NoQuestion> {
        let mut question = question.clone();
        self.families().close(&mut question.context);
        let read = |text: &str| -> Result<EntityUid, NoQuestion> {
            text.parse().map_err(|_| {
                NoQuestion(format!(
                    "`{text}` is no entity; write for example Orchestack::Agent::\"default\""
                ))
            })
        };
        let (principal, resource) = (read(&question.principal)?, read(&question.resource)?);
        let action = read(&format!("Orchestack::Action::{:?}", question.action))?;
        if self.schema().actions().all(|known| *known != action) {
            return Err(NoQuestion(format!("the schema has no action `{}`", question.action)));
        }
        let schema = Some((self.schema(), &action));
        let context = Context::from_json_value(question.context.clone(), schema)
            .map_err(|error| NoQuestion(format!("the context does not fit: {}", full(&error))))?;
        let entities = Entities::from_json_value(question.entities.clone(), Some(self.schema()))
            .map_err(|error| NoQuestion(format!("the entities do not fit: {}", full(&error))))?;
        let request =
            Request::new(principal.clone(), action.clone(), resource, context, Some(self.schema()))
                .map_err(|error| {
                    NoQuestion(format!("the request does not fit: {}", full(&error)))
                })?;
        let judge = |policies: &[Parsed]| PolicyLayer::of(about(policies, &action));
        let organisation = judge(self.organisation());
        let own = self.own_layer(&principal).map(judge);
        let asks = is_agent(&principal);
        let verdict = own.as_ref().map(|own| own.judge(&request, &entities));
        let verdict = verdict.or_else(|| asks.then_some(Verdict::NOTHING));
        Ok(said(
            &organisation.judge(&request, &entities),
            verdict.as_ref(),
            &question,
            &entities,
            &request,
        ))
    }

    /// The own policies of whoever asks.
    fn own_layer(&self, principal: &EntityUid) -> Option<&[Parsed]> {
        let name = is_agent(principal).then(|| principal.id().unescaped())?;
        self.agents().get(name).map(|own| own.policies.as_slice())
    }
}

fn said(
    organisation: &Verdict<'_>,
    agent: Option<&Verdict<'_>>,
    question: &Question,
    entities: &Entities,
    request: &Request,
) -> Answer {
    let rules = match join(organisation, agent) {
        Ok(rules) => rules,
        Err(refused) => {
            return Answer { decision: Err(refused.reason), policies: refused.policies };
        }
    };
    let mut obligations = Obligations::default();
    rules.iter().for_each(|rule| obligations.join(&rule.obligations));
    let policies = rules.iter().map(|rule| rule.id.clone()).collect();
    let unmet = unmet(&obligations, question, entities, request);
    Answer { decision: unmet.map_or(Ok(obligations), Err), policies }
}

fn unmet(
    obligations: &Obligations,
    question: &Question,
    entities: &Entities,
    request: &Request,
) -> Option<DenyReason> {
    let texts = |value: Option<&Value>| -> BTreeSet<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let context = &question.context;
    let kinds: BTreeSet<String> =
        texts(context.get("kinds")).intersection(&obligations.block).cloned().collect();
    if !kinds.is_empty() {
        return Some(DenyReason::Blocked { kinds });
    }
    let resource = request.resource().and_then(|uid| entities.get(uid));
    let attribute = |name| resource.and_then(|entity| entity.attr(name)?.ok());
    let is_local = attribute("locality").is_some_and(
        |value| matches!(value, cedar_policy::EvalResult::String(text) if text == "local"),
    );
    if obligations.local_only && !is_local {
        return Some(DenyReason::NotLocal);
    }
    let kept = match attribute("retention_days") {
        Some(cedar_policy::EvalResult::Long(days)) => Some(days),
        _ => None,
    };
    if let Some(days) = obligations.retention_days
        && kept.is_none_or(|kept| kept > i64::from(days))
    {
        return Some(DenyReason::Retention { days });
    }
    let need = obligations.approval.as_ref()?;
    let approval = context.get("approval");
    let roles = texts(approval.and_then(|given| given.get("roles")));
    let people = approval.and_then(|given| given.get("approvers")).and_then(Value::as_i64);
    let given = need.roles.is_subset(&roles)
        && people.is_some_and(|people| people >= i64::from(need.quorum));
    (!given).then(|| DenyReason::ApprovalRequired { need: need.clone() })
}

fn is_agent(principal: &EntityUid) -> bool {
    matches!(principal.type_name().basename(), "Agent" | "SystemAgent")
}

/// An error with its causes in one line.
fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn empty_record() -> Value {
    Value::Object(serde_json::Map::new())
}

const fn empty_list() -> Value {
    Value::Array(Vec::new())
}
