//! The decision about each call of a model's answer, on record before anybody hears of the call.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use policy::{ApprovalNeed, Approved, BudgetFacts, DenyReason, ToolDenied, ToolPermit};
use serde_json::Value;
use store::{approvals::Kind, flows::Saw};
use tools::flow::{Print, Seen};
use types::{
    Code, Integrity, Timestamp,
    answer::{ChatAnswer, Choice, Event},
    chat::ToolCall,
};

use super::{
    Named,
    facts::{Before, Facts},
    heard::Heard,
    hold::{CALLS_MAX, Hold, TooMuch, after_text, finish},
    record,
};
use crate::{
    approval::{Question, Used},
    asked::Answer,
    attempt::Order,
    authorize::budget_facts,
    gate::Gate,
    metrics,
    refusal::Refusal,
    serve,
    trail::Trail,
};

/// How long the database may take for what a session has seen.
const TIME: Duration = Duration::from_secs(1);
/// As much of a name that a model made up as its caller is told again.
const NAME_CHARS_MAX: usize = 64;

/// Decides the calls of one answer.
pub(crate) struct Judge<'s> {
    gate: &'s Gate,
    order: Order<'s>,
    hold: Hold,
    /// What was there before, once a call is to be decided.
    before: Option<Arc<(Vec<Seen>, BudgetFacts)>>,
    /// Calls that were permitted.
    permitted: u64,
}

/// Why a call is not made.
struct Denied {
    code: Code,
    message: String,
    policies: Vec<String>,
    approval: Option<String>,
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

impl<'s> Judge<'s> {
    pub(crate) fn of(gate: &'s Gate, order: &Order<'s>) -> Self {
        let (order, hold) = (*order, Hold::default());
        Self { gate, order, hold, before: None, permitted: 0 }
    }

    /// Takes the next event of a streamed answer, and gives those that may go on.
    pub(crate) async fn pass(
        &mut self,
        trail: &Trail,
        event: Event,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let ended = self.hold.pass(event, out).map_err(too_much)?;
        if let Some((_, held)) = ended {
            let denied = self.denied(trail, held.calls.iter().map(|(index, call)| (*index, call)));
            let denied = denied.await;
            held.told(&denied, out);
        }
        Ok(())
    }

    /// Decides what waits for an end that did not come.
    pub(crate) async fn end(&mut self, trail: &Trail, out: &mut Vec<Event>) {
        while let Some((_, held)) = self.hold.rest() {
            let denied = self.denied(trail, held.calls.iter().map(|(index, call)| (*index, call)));
            let denied = denied.await;
            held.told(&denied, out);
        }
        self.count(trail).await;
    }

    /// Decides the calls of an answer that is told at once.
    pub(crate) async fn events(
        mut self,
        trail: &Trail,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, Refusal> {
        let mut out = Vec::with_capacity(events.len());
        for event in events {
            self.pass(trail, event, &mut out).await?;
        }
        self.end(trail, &mut out).await;
        Ok(out)
    }

    /// Decides the calls of a whole answer.
    pub(crate) async fn whole(mut self, trail: &Trail, answer: &mut Answer) -> Result<(), Refusal> {
        let Answer::Chat(ChatAnswer { choices, .. }) = answer else { return Ok(()) };
        for choice in choices.iter_mut().filter(|choice| !choice.tool_calls.is_empty()) {
            if choice.tool_calls.len() > CALLS_MAX {
                return Err(too_much(TooMuch));
            }
            let denied = self.denied(trail, (0..).zip(&choice.tool_calls)).await;
            without(choice, &denied);
        }
        self.count(trail).await;
        Ok(())
    }

    /// What is said in place of each call that is not made, by its number.
    async fn denied(
        &mut self,
        trail: &Trail,
        calls: impl Iterator<Item = (u32, &ToolCall)>,
    ) -> BTreeMap<u32, String> {
        let mut denied = BTreeMap::new();
        for (index, call) in calls {
            if let Err(why) = Box::pin(self.decide(trail, call)).await {
                denied.insert(index, why.told(&call.name));
            }
        }
        denied
    }

    /// Decides one call, and leaves the traces: record and metric.
    async fn decide(&mut self, trail: &Trail, call: &ToolCall) -> Result<(), Denied> {
        let order = self.order;
        let tool = Named::of(&order.snapshot.tools, &call.name);
        let server = if tool.is_known() { tool.server.as_str() } else { "" };
        let count = |outcome: &str| {
            metrics::FUNCTION_CALLS.with_label_values(&[server, outcome]).inc();
        };
        let arguments = match read(&tool, &call.arguments) {
            Ok(arguments) => arguments,
            Err(why) => {
                count(Code::InvalidRequest.as_str());
                let record = record::unreadable(trail, &tool.id(), why.kind);
                self.write(record).await;
                return Err(Denied::new(Code::InvalidRequest, why.message));
            }
        };
        let before = self.before(trail).await;
        let (seen, budget) = before.as_deref().map_err(|refusal| Denied::of(refusal.clone()))?;
        let calls = order.flow.tool_calls.saturating_add(self.permitted);
        let before = Before { seen, budget: *budget, calls };
        let facts = Facts::of(&order, trail, (&tool, arguments), &before);
        let decided = self.permitted_by(trail, &facts).await;
        let outcome = decided.as_ref().map_or_else(|no| no.code.as_str(), |_| "permit");
        let (policies, approval) = match &decided {
            Ok((policies, approval)) => (policies, approval.as_deref()),
            Err(no) => (&no.policies, no.approval.as_deref()),
        };
        count(outcome);
        let record = record::decided(trail, &facts, (outcome, policies), approval);
        self.write(record).await;
        decided?;
        self.permitted = self.permitted.saturating_add(1);
        Ok(())
    }

    /// The policies that permit a call, and the approval that it used up.
    async fn permitted_by(
        &self,
        trail: &Trail,
        facts: &Facts<'_>,
    ) -> Result<(Vec<String>, Option<String>), Denied> {
        if facts.tool.hidden {
            let message = "the tree hides this tool".to_owned();
            return Err(Denied::new(Code::PolicyDenied, message));
        }
        let denied = match facts.decide(None) {
            Ok(permit) => {
                as_it_is(facts, &permit)?;
                return Ok((permit.policies().to_vec(), None));
            }
            Err(denied) => denied,
        };
        let ToolDenied { reason: DenyReason::ApprovalRequired { need }, .. } = &denied else {
            return Err(Denied::by(&denied));
        };
        let given = self.people(trail, facts, &denied, need).await?;
        let permit = facts.decide(Some(&given)).map_err(|denied| Denied::by(&denied))?;
        as_it_is(facts, &permit)?;
        let taken = Used::take(self.gate, (permit.approval(), permit.request())).await;
        let _used = taken.map_err(Denied::of)?;
        Ok((permit.policies().to_vec(), Some(given.id.to_string())))
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
        };
        let mut asked = None;
        let hear = |found: &store::approvals::Approval| asked = Some(found.id.to_string());
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
        if let Some(chat) = order.request.as_chat() {
            let heard = Heard::in_request(&order.snapshot.tools, chat, order.flow.before);
            let print = |(origin, text): &(_, std::borrow::Cow<'_, str>)| Seen {
                origin: Clone::clone(origin),
                print: Print::of(text, &order.flow.salt),
            };
            seen.extend(heard.texts.iter().map(print));
        }
        if let Some((tenant, session)) = order.flow.session {
            let (prints, flows) = (&self.gate.prints, &self.gate.flows);
            let last = order.flow.last_text;
            match tokio::time::timeout(TIME, prints.of((tenant, session), last, flows)).await {
                Ok(Ok(prints)) => seen.extend(prints.iter().cloned()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, %session, request = %trail.request, "the texts of a session cannot be read; only this request's are compared");
                }
                Err(_) => {
                    tracing::warn!(%session, request = %trail.request, "the texts of a session came too late; only this request's are compared");
                }
            }
        }
        let before = Arc::new((seen, budget));
        self.before = Some(Arc::clone(&before));
        Ok(before)
    }

    async fn write(&self, record: Option<types::audit::Record>) {
        if let Some(record) = record {
            serve::write(self.gate, record, || None).await;
        }
    }

    /// Counts the permitted calls in their session.
    async fn count(&mut self, trail: &Trail) {
        let (calls, session) = (std::mem::take(&mut self.permitted), self.order.flow.session);
        let Some((tenant, session)) = session.filter(|_| calls > 0) else { return };
        let saw = Saw {
            request: trail.request,
            integrity: Integrity::Trusted,
            sources: &std::collections::BTreeSet::new(),
            texts: &[],
            tool_calls: calls,
        };
        let counted = tokio::time::timeout(TIME, self.gate.flows.see(tenant, session, &saw)).await;
        if !matches!(counted, Ok(Ok(()))) {
            metrics::UNWRITTEN.with_label_values(&["session_calls"]).inc();
            tracing::warn!(%session, calls, "the calls of a session were not counted");
        }
    }
}

/// Arguments that policy cannot be asked about.
struct Unreadable {
    kind: &'static str,
    message: String,
}

/// The arguments of a call: an object, and as the tree's schema of the function says. A model that has none to
/// give may say nothing at all.
fn read(tool: &Named<'_>, arguments: &str) -> Result<Value, Unreadable> {
    let unreadable = |kind, message| Unreadable { kind, message };
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    let value: Option<Value> = serde_json::from_str(text).ok().filter(Value::is_object);
    let Some(value) = value else {
        let message = "its arguments are not a whole JSON object".to_owned();
        return Err(unreadable("no_object", message));
    };
    if let Some(pinned) = &tool.pinned {
        let checked = pinned.input.check(&value);
        checked.map_err(|invalid| {
            unreadable("schema", format!("its arguments are not as they must be: {invalid}"))
        })?;
    }
    Ok(value)
}

/// Takes the denied calls out of a whole choice.
fn without(choice: &mut Choice, denied: &BTreeMap<u32, String>) {
    let mut index = 0;
    choice.tool_calls.retain(|_| {
        let keep = !denied.contains_key(&index);
        index += 1;
        keep
    });
    let text = choice.text.get_or_insert_default();
    let mut spoke = !text.is_empty();
    denied.values().for_each(|why| text.push_str(&after_text(&mut spoke, why)));
    if text.is_empty() {
        choice.text = None;
    }
    choice.finish = finish(choice.finish, !choice.tool_calls.is_empty());
}

impl Denied {
    fn new(code: Code, message: String) -> Self {
        Self { code, message, policies: Vec::new(), approval: None }
    }

    fn of(refusal: Refusal) -> Self {
        let Refusal { code, message, policies, .. } = refusal;
        Self { policies, ..Self::new(code, message) }
    }

    fn by(denied: &ToolDenied) -> Self {
        let policies = denied.policies.clone();
        Self { policies, ..Self::new(record::outcome(denied), denied.reason.to_string()) }
    }

    /// What the model and the client read in place of the call.
    fn told(&self, name: &str) -> String {
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let mut more = Vec::new();
        match self.policies.as_slice() {
            [] => {}
            [one] => more.push(format!("policy {one}")),
            several => more.push(format!("policies {}", several.join(", "))),
        }
        more.extend(self.approval.as_ref().map(|id| format!("approval {id}")));
        let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join("; ")) };
        format!("[orchestack] the call of `{name}` was not permitted: {}{more}", self.message)
    }
}

fn too_much(TooMuch: TooMuch) -> Refusal {
    let message = "the answer has more calls of functions, or longer ones, than can be decided";
    Refusal::new(Code::PolicyDenied, message)
}
