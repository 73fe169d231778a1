//! The decision about one call of a function: on record, counted, within its limit and paid for before anybody
//! hears of the call.

use std::sync::Arc;

use policy::{ApprovalNeed, Approved, BudgetFacts, DenyReason, ToolDenied, ToolPermit};
use serde_json::Value;
use snapshot::Tools;
use store::approvals::{Approval, Kind};
use tools::{
    JsonError,
    flow::{Print, Seen},
    read_json,
};
use types::{Code, Integrity, Nanos, Timestamp, audit::Record, chat::ToolCall};

use super::{
    super::{
        bill,
        count::{Count, UNKNOWN, in_time},
        lookup, story,
    },
    Named,
    denied::Denied,
    facts::{Before, Facts},
    heard::Heard,
    record::{self, Outcome},
};
use crate::{
    approval::{Question, Used},
    attempt::Order,
    authorize::budget_facts,
    gate::Gate,
    metrics,
    refusal::Refusal,
    serve,
    trail::Trail,
};

/// Decides the calls of one answer, one after the other.
pub(super) struct Decider<'s> {
    gate: &'s Gate,
    order: Order<'s>,
    /// What was there before, once a call is to be decided.
    before: Option<Arc<(Vec<Seen>, BudgetFacts)>>,
    /// Calls that were permitted.
    permitted: u64,
}

impl<'s> Decider<'s> {
    pub(super) const fn of(gate: &'s Gate, order: &Order<'s>) -> Self {
        Self { gate, order: *order, before: None, permitted: 0 }
    }

    /// Decides one call, and leaves the traces: record, count and metric.
    pub(super) async fn decide(&mut self, trail: &Trail, call: &ToolCall) -> Result<(), Denied> {
        let order = self.order;
        let tool = Named::of(&order.snapshot.tools, &call.name);
        let server = if tool.is_known() { tool.server.as_str() } else { "" };
        let told = |outcome: &str| {
            metrics::FUNCTION_CALLS.with_label_values(&[server, outcome]).inc();
        };
        if self.is_made_here(&tool) {
            told("made_here");
            return Ok(());
        }
        let arguments = match read((&order.snapshot.tools, &tool), &call.arguments) {
            Ok(arguments) => arguments,
            Err(why) => {
                let denied = Denied::new(Code::InvalidRequest, why.message);
                told(denied.code.as_str());
                self.undecided(trail, &tool, (denied.code, why.kind)).await;
                return Err(denied);
            }
        };
        let before = match self.before(trail).await {
            Ok(before) => before,
            Err(refusal) => {
                told(refusal.code.as_str());
                self.undecided(trail, &tool, (refusal.code, "budgets")).await;
                return Err(Denied::of(refusal));
            }
        };
        let (seen, budget) = &*before;
        let (count, calls, integrity) = self.enter(trail).await;
        let before = Before { seen, budget: *budget, calls, integrity };
        let facts = Facts::of(&order, trail, (&tool, arguments), &before);
        let decided = match self.permit(trail, &facts).await {
            Ok(permit) => self.let_out(trail, &facts, &permit).await,
            Err(denied) => Err(denied),
        };
        match &decided {
            Ok(()) => {
                told("permit");
                count.into_iter().for_each(Count::made);
                self.permitted = self.permitted.saturating_add(1);
            }
            Err(denied) => {
                told(denied.code.as_str());
                if let Some(count) = count {
                    count.give_back().await;
                }
                self.record(trail, &facts, denied).await;
            }
        }
        decided
    }

    /// Whether a call of a server's tool comes back to this gateway, which decides it then, with its arguments and
    /// on record: the worker of a run has nothing but the run's own grant and the gateway. A grant that a person
    /// makes for a run may be anybody's.
    fn is_made_here(&self, tool: &Named<'_>) -> bool {
        let grant = self.order.permit.caller().grant.as_ref();
        grant.is_some_and(|grant| grant.is_of_its_run()) && !tool.function && tool.is_known()
    }

    /// The permit of a call, once people are heard where policy wants that.
    async fn permit(&self, trail: &Trail, facts: &Facts<'_>) -> Result<ToolPermit, Denied> {
        if facts.tool.hidden {
            let message = "the tree hides this tool".to_owned();
            return Err(Denied::new(Code::PolicyDenied, message));
        }
        let permit = match facts.decide(None) {
            Ok(permit) => permit,
            Err(denied) => {
                let ToolDenied { reason: DenyReason::ApprovalRequired { need }, .. } = &denied
                else {
                    return Err(Denied::by(&denied));
                };
                let given = self.people(trail, facts, &denied, need).await?;
                facts.decide(Some(&given)).map_err(|denied| Denied::by(&denied))?
            }
        };
        as_it_is(facts, &permit)?;
        Ok(permit)
    }

    /// Does what a permitted call needs before it goes out: its tool's limit, the approval that it uses up, its
    /// price, and its record. A call without one of them does not go out.
    async fn let_out(
        &self,
        trail: &Trail,
        facts: &Facts<'_>,
        permit: &ToolPermit,
    ) -> Result<(), Denied> {
        let gate = self.gate;
        let limit = lookup::limit(facts.tool);
        let _pass = gate.limits.enter(limit.as_slice()).await.map_err(|limited| Denied {
            limit: Some(Box::new(limited.record())),
            ..Denied::of(limited.refusal())
        })?;
        let used = Used::take(gate, (permit.approval(), permit.request())).await;
        let used = used.map_err(Denied::of)?;
        let recorded = self.paid(trail, facts, permit).await;
        used.end(gate, recorded.is_ok()).await;
        recorded
    }

    /// Writes the record of a permitted call, in the transaction that holds its price if it has one.
    async fn paid(
        &self,
        trail: &Trail,
        facts: &Facts<'_>,
        permit: &ToolPermit,
    ) -> Result<(), Denied> {
        let (gate, order) = (self.gate, &self.order);
        let approval = permit.approval().map(|id| id.to_string());
        let log_full = permit.obligations().log_full;
        let request = log_full.then(|| story::transcript(&facts.arguments.to_string()));
        let outcome = Outcome {
            outcome: "permit",
            policies: permit.policies(),
            approval: approval.as_deref(),
            limit: None,
            request: request.as_deref(),
        };
        let unwritten = || {
            let message = "the record of the call cannot be written".to_owned();
            Denied::new(Code::DependencyUnavailable, message)
        };
        let whole = record::decided(trail, facts, outcome).ok_or_else(unwritten)?;
        if facts.tool.price.is_none_or(|price| price <= Nanos::ZERO) {
            let short = || record::short_decided(trail, facts, outcome);
            let written = serve::write(gate, whole, short).await;
            return if written { Ok(()) } else { Err(unwritten()) };
        }
        let (known, session) = (order.known, order.wishes.session);
        let at = permit.decided_at();
        let path = order.snapshot.path(known.agent, &known.caller, session, None, at);
        let short = record::short_decided(trail, facts, outcome).ok_or_else(unwritten)?;
        let charged = bill::charge(gate, permit, (facts.tool, path), (whole, || short));
        charged.await.map_err(Denied::of)
    }

    /// What people say to a call. Who asks again with the same arguments hears what was decided meanwhile.
    async fn people(
        &self,
        trail: &Trail,
        facts: &Facts<'_>,
        denied: &ToolDenied,
        need: &ApprovalNeed,
    ) -> Result<Approved, Denied> {
        let (gate, order) = (self.gate, &self.order);
        let question = Question {
            known: order.known,
            snapshot: order.snapshot,
            request: trail.request,
            kind: Kind::ToolCall,
            subject_hash: facts.subject(),
            need,
            reason: format!("policy asks before `{}` is called", facts.tool.id()),
            detail: facts.shown(order.flow, &denied.policies),
            arguments: Some((&facts.arguments, &facts.findings)),
        };
        let mut asked = None;
        let hear = |found: &Approval| asked = Some(found.id.to_string());
        let wait = (order.wishes.wait.unwrap_or_default(), std::future::pending());
        let message = format!("it needs the approval of {need}");
        let refusal =
            Refusal::new(Code::ApprovalRequired, message).with_policies(denied.policies.clone());
        let heard = question.people(gate, wait, hear, refusal).await;
        let held = heard.and_then(|given| {
            let now = gate.snapshots.load();
            if !order.known.stands(&now, Timestamp::now()) {
                let message = "the caller's credential was taken away meanwhile";
                return Err(Refusal::new(Code::Unauthenticated, message));
            }
            question.still_holds(&now).map(|()| given)
        });
        held.map_err(|refusal| Denied { approval: asked, ..Denied::of(refusal) })
    }

    /// Counts the call in its session: gives how many were before it, and the session's integrity as it is now.
    /// Where nobody can count, there were as many as any limit allows.
    async fn enter(&self, trail: &Trail) -> (Option<Count>, u64, Integrity) {
        let flow = self.order.flow;
        let Some(of) = flow.session else { return (None, self.permitted, flow.integrity) };
        match Count::enter(self.gate, of, trail.request).await {
            Ok((count, found)) => (Some(count), found.calls, found.integrity),
            Err(why) => {
                tracing::warn!(error = %why, session = %of.1, "the calls of a session cannot be counted");
                (None, UNKNOWN, Integrity::Untrusted)
            }
        }
    }

    /// The texts of the conversation and of its session, and the budgets: read once for an answer.
    async fn before(&mut self, trail: &Trail) -> Result<Arc<(Vec<Seen>, BudgetFacts)>, Refusal> {
        if let Some(before) = &self.before {
            return Ok(Arc::clone(before));
        }
        let order = &self.order;
        let caps = order.snapshot.path(
            order.known.agent,
            &order.known.caller,
            order.wishes.session,
            None,
            order.now,
        );
        let budget = budget_facts(self.gate, &caps).await?;
        let mut seen = Vec::new();
        if let Some((tenant, session)) = order.flow.session {
            let (prints, flows) = (&self.gate.prints, &self.gate.flows);
            let last = order.flow.last_text;
            match in_time(prints.of((tenant, session), last, flows)).await {
                Ok(prints) => seen.extend(prints.iter().cloned()),
                Err(error) => {
                    tracing::warn!(%error, %session, request = %trail.request, "the texts of a session cannot be read; only this request's are compared");
                }
            }
        }
        // The newest come last: of too many the oldest are not compared.
        if let Some(chat) = order.request.as_chat() {
            let heard = Heard::in_request(&order.snapshot.tools, chat, order.flow.before);
            let print = |(origin, text): &(_, std::borrow::Cow<'_, str>)| Seen {
                origin: Clone::clone(origin),
                print: Print::of(text, &order.flow.salt),
            };
            let bytes = heard.texts.iter().map(|(_, text)| text.len()).sum();
            serve::work_on(bytes, || seen.extend(heard.texts.iter().map(print)));
        }
        let before = Arc::new((seen, budget));
        self.before = Some(Arc::clone(&before));
        Ok(before)
    }

    /// Writes the record of a denial, which stays one where that fails.
    async fn record(&self, trail: &Trail, facts: &Facts<'_>, denied: &Denied) {
        let outcome = Outcome {
            outcome: denied.code.as_str(),
            policies: &denied.policies,
            approval: denied.approval.as_deref(),
            limit: denied.limit.as_deref(),
            request: None,
        };
        let short = || record::short_decided(trail, facts, outcome);
        self.write(record::decided(trail, facts, outcome), short).await;
    }

    /// Writes the record of a call that policy is not asked about.
    async fn undecided(&self, trail: &Trail, tool: &Named<'_>, why: (Code, &'static str)) {
        self.write(record::undecided(trail, &tool.id(), why), || None).await;
    }

    async fn write(&self, record: Option<Record>, short: impl FnOnce() -> Option<Record>) {
        if let Some(record) = record {
            serve::write(self.gate, record, short).await;
        }
    }
}

/// Nobody can take anything out of a call that a model has made: where policy wants that, it is not made.
fn as_it_is(facts: &Facts<'_>, permit: &ToolPermit) -> Result<(), Denied> {
    let unwanted = facts.unwanted(permit);
    if unwanted.is_empty() {
        return Ok(());
    }
    let kinds = unwanted.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("policy takes this kind of data out of calls: {kinds}");
    Err(Denied::new(Code::DlpBlocked, message))
}

/// Arguments that policy cannot be asked about.
struct Unreadable {
    kind: &'static str,
    message: String,
}

/// The arguments of a call: an object, and as the tree's schema of the function says. A model that has none to
/// give may say nothing at all.
fn read((tools, tool): (&Tools, &Named<'_>), arguments: &str) -> Result<Value, Unreadable> {
    let unreadable = |kind, message| Unreadable { kind, message };
    let most = tools.server(&tool.server).map(|server| server.file.arguments_bytes_max);
    if let Some(most) = most.filter(|most| arguments.len() > *most) {
        let message = format!("its arguments have more than {most} bytes");
        return Err(unreadable("too_long", message));
    }
    let value = object(arguments)?;
    if let Some(pinned) = &tool.pinned {
        let checked = pinned.input.check(&value);
        checked.map_err(|invalid| {
            unreadable("schema", format!("its arguments are not as they must be: {invalid}"))
        })?;
    }
    Ok(value)
}

/// The object that a call's arguments are to every reader. They go out as the model wrote them: of a key that stands
/// twice the caller could take the other value than the one that is decided about.
fn object(arguments: &str) -> Result<Value, Unreadable> {
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    match read_json(text.as_bytes()) {
        Ok(value) if value.is_object() => Ok(value),
        // It is JSON, and more of it than is read or not the same to everybody.
        Err(JsonError::Text(error)) if error.is_data() => {
            let message = format!("its arguments cannot be decided about: {error}");
            Err(Unreadable { kind: "unreadable", message })
        }
        _ => {
            let message = "its arguments are not a whole JSON object".to_owned();
            Err(Unreadable { kind: "no_object", message })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(arguments: &str) -> Option<&'static str> {
        object(arguments).err().map(|why| why.kind)
    }

    #[test]
    fn arguments_that_two_readers_read_differently_are_refused() {
        let twice = r#"{"to": "mallory@evil.example", "to": "boss@corp.example"}"#;
        let why = object(twice).unwrap_err();
        assert_eq!(why.kind, "unreadable");
        assert!(why.message.contains("a key stands twice in one object"), "{}", why.message);
        assert!(!why.message.contains("mallory"), "{}", why.message);
        assert_eq!(kind(r#"{"to": 1, "t\u006f": 2}"#), Some("unreadable"), "however it is written");
        assert_eq!(kind(r#"{"a": [{"b": 1, "b": 1}]}"#), Some("unreadable"), "wherever it stands");
        assert_eq!(
            kind(&format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64))),
            Some("unreadable")
        );
    }

    #[test]
    fn arguments_are_a_whole_object() {
        for cut in ["{\"to\": \"bo", "[1]", "null", "{} {}", "7"] {
            assert_eq!(kind(cut), Some("no_object"), "{cut}");
        }
        assert_eq!(object(" ").ok(), Some(json!({})));
        assert_eq!(
            object(r#"{"to": {"a": 1}, "a": 2}"#).ok(),
            Some(json!({ "to": { "a": 1 }, "a": 2 }))
        );
    }
}
