//! The life of one tool call, told once, top to bottom. Nothing else knows the order.
//!
//! ```text
//! lookup -> limits -> live definition: the approved one -> arguments: bounds, schema -> dlp: findings, label
//!        -> session: the call is counted; its label, integrity, what it has seen -> provenance, destinations
//!        -> policy: ToolPermit (or ask people) -> redact -> the tool's limit -> hold
//!        -> fence: the run is its caller's still -> call
//!        -> result: size, schema, dlp -> the session knows -> out, settle and audit
//! ```
//!
//! INVARIANT: nothing reaches a tool server without a [`ToolPermit`], a hold in the ledger and an audit
//! record, and nothing of a result reaches a caller before its session knows what it has seen.

mod arguments;
mod ask;
mod beside;
mod bill;
mod content;
mod count;
mod decide;
mod destination;
mod fence;
pub(crate) mod function;
mod lookup;
mod prints;
mod redact;
mod result;
mod run;
mod sandbox;
mod server;
mod servers;
mod session;
mod shown;
mod spec;
mod story;

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use config::tree::{Sampling, ToolServerFile};
use mcp::CallResult;
use policy::ToolPermit;
use serde_json::Value;
use snapshot::{Pinned, Snapshot, Tool, keys::sha256_hex};
use store::vault::Owner;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use types::{Label, RequestId, SessionId};

pub use self::spec::{Sandboxes, Unreachable, spec};
use self::{
    arguments::Given,
    beside::{Beside, Grounds},
    bill::{Bill, Paid},
    decide::Facts,
    run::Run,
    sandbox::Place,
    session::Session,
    story::Story,
};
pub(crate) use self::{
    beside::{WORD_BYTES_MAX, unasked},
    lookup::look,
    prints::Prints,
    sandbox::has_one,
    server::Server,
    servers::{Heard, Servers},
    shown::shown,
};
use crate::{
    approval::Used, caller::Known, gate::Gate, metrics, refusal::Refusal, serve, span, trail::Trail,
};

/// What a tool server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A call of one of its tools.
    Tool,
    /// A resource. The arguments have its `uri`.
    Resource,
    /// A prompt. The arguments have its `name`, and `arguments`.
    Prompt,
    /// What an argument may be. The arguments are the parameters of `completion/complete`.
    Completion,
    /// The list of its resources, and so on. There are no arguments.
    Resources,
    Templates,
    Prompts,
    /// Word of each change of a resource, and no more of it. The arguments have its `uri`.
    Subscription,
    Unsubscription,
}

/// Who calls, in which session, and what it wishes. One snapshot is used from start to end.
pub(crate) struct Context<'a> {
    pub(crate) request: RequestId,
    pub(crate) what: What,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) known: &'a Known<'a>,
    pub(crate) session: Option<SessionId>,
    /// The least label that the call has.
    pub(crate) label: Label,
    /// How long to wait for people where they must approve.
    pub(crate) wait: Duration,
    /// Whether only the decision is wanted.
    pub(crate) dry_run: bool,
    /// By what the caller tells this call apart from others of the session, if it does.
    pub(crate) key: Option<String>,
    /// Who hears of the call's progress, and is asked what the server wants to know for it.
    pub(crate) caller: Arc<dyn mcp::Caller>,
    /// The connections of the caller's session.
    pub(crate) servers: &'a Servers,
    /// Told where the caller withdraws the call. Whoever drops it leaves it to the server, and to who calls again.
    pub(crate) withdrawal: CancellationToken,
}

impl Context<'_> {
    /// Whose redaction tokens it has, where they outlive it.
    fn owner(&self) -> Option<Owner> {
        let (tenant, agent) = (self.known.caller.tenant, self.known.caller.agent);
        self.session.map(|session| Owner { tenant, agent, session })
    }

    /// What the server is told the call apart by: the same for the same key of the same session, and nothing of the
    /// caller's own words. A call without a key is none that was made before.
    fn key(&self) -> String {
        let (tenant, agent) = (self.known.caller.tenant, self.known.caller.agent);
        let text = match (&self.key, self.session) {
            (Some(key), Some(session)) => format!("{tenant}\n{agent}\n{session}\n{key}"),
            _ => self.request.to_string(),
        };
        sha256_hex(text.as_bytes())
    }
}

/// Calls a tool by its server's name and its own, and leaves the traces: span, metrics, audit. A caller that
/// leaves drops this; whoever works for it then is told so, and the record is written.
pub(crate) async fn call(
    gate: &Gate,
    context: &Context<'_>,
    (server, tool): (&str, &str),
    arguments: Value,
) -> Result<CallResult, Refusal> {
    let mut story = Story::new(context, (server, tool));
    let span = span::of_tool(context.request, &story.id());
    // All that a call needs on its way is much for whoever waits for it.
    let called = Box::pin(answer(gate, context, &mut story, arguments));
    let called = called.instrument(span.clone()).await;
    let refused = called.as_ref().err();
    let outcome = Trail::outcome(refused.map(|refusal| refusal.code));
    span::tool_ended(&span, outcome);
    if let Some(refusal) = refused.filter(|_| !story.decided) {
        let record = story.decision(refusal.code.as_str(), &refusal.policies);
        let short = || Some(story.short_decision(refusal.code.as_str(), &refusal.policies));
        serve::write(gate, record, short).await;
    }
    // A name that nobody registered is the caller's own text.
    let of_tree = context.snapshot.tools.server(server);
    let known = of_tree.is_some_and(|of| of.tool(tool).or_else(|| of.read(tool)).is_some());
    let (server, tool) = if known { (server, tool) } else { ("", "") };
    metrics::TOOL_CALLS.with_label_values(&[server, tool, outcome]).inc();
    called
}

/// The straight path of one call. Each step needs what the step above it returned.
async fn answer(
    gate: &Gate,
    context: &Context<'_>,
    story: &mut Story,
    arguments: Value,
) -> Result<CallResult, Refusal> {
    let (snapshot, known) = (context.snapshot, context.known);
    let (file, tool) = lookup::tool(context, story)?;
    let limits = snapshot.limits(known.agent, &known.caller);
    let _passes = story.within(gate.limits.enter(&limits).await)?;
    let server = context.servers.get(gate, snapshot, &tool.server).await?;
    let pinned = lookup::pinned(gate, context, (tool, &server)).await?;
    story.definition = Some(pinned.hash.to_string());
    let given = Given::read(context, (file, pinned), arguments, story)?;
    let mut session = Session::enter(gate, context).await?;
    let may_ask = may_ask(file).then(|| given.clone());
    let called = Called { tool, pinned, server: &server };
    let begun = begin(gate, context, story, called, given, &mut session).await;
    let Begun { permit, place, arguments, used, bill } = match begun {
        Ok(begun) => begun,
        Err(refusal) => {
            session.leave().await;
            return Err(refusal);
        }
    };
    let Some(bill) = bill else { return Ok(arguments::dry_run(&permit)) };
    session.made();
    let beside = Beside {
        gate,
        context,
        permit: &permit,
        tool,
        pinned,
        trusted: sandbox::vouched(tool, place.as_ref()),
        session: &session,
        given: may_ask,
        answer_bytes_max: file.arguments_bytes_max,
        texts: AtomicUsize::new(0),
        grounds: Grounds::of(&permit),
    };
    let run = Run {
        gate,
        context,
        permit: &permit,
        tool,
        pinned,
        server: &server,
        session: &session,
        place: place.as_ref(),
        bytes_max: file.result_bytes_max,
        beside: &beside,
    };
    let ended = run.through(arguments).await;
    used.end(gate, ended.paid != Paid::Nothing).await;
    bill.close(ended.paid, &ended.end());
    ended.result
}

/// The tool of a call, on its server.
#[derive(Clone, Copy)]
struct Called<'a> {
    tool: &'a Tool,
    pinned: &'a Pinned,
    server: &'a Server,
}

/// A call that may be made.
struct Begun {
    permit: ToolPermit,
    /// The sandbox that it works in, if it works in one.
    place: Option<Place>,
    /// As the tool gets them.
    arguments: Value,
    used: Used,
    /// `None` where only the decision was wanted, which is on record.
    bill: Option<Bill>,
}

/// Decides a call, and holds what it may cost.
async fn begin(
    gate: &Gate,
    context: &Context<'_>,
    story: &mut Story,
    called: Called<'_>,
    given: Given,
    session: &mut Session,
) -> Result<Begun, Refusal> {
    let Called { tool, pinned, server } = called;
    let permit = permit(gate, context, story, (tool, pinned, &given), session).await?;
    if permit.approval().is_some() {
        lookup::still(gate, context, (tool, server), pinned).await?;
    }
    let place = Place::of(context, tool, session, permit.label())?;
    story.sandbox = place.as_ref().map(Place::told);
    let arguments = given.redacted(gate, context, &permit, story).await?;
    if context.dry_run {
        let (whole, policies) = (story.decision("dry_run", permit.policies()), permit.policies());
        serve::write(gate, whole, || Some(story.short_decision("dry_run", policies))).await;
        story.decided = true;
        return Ok(Begun { permit, place, arguments, used: Used::none(), bill: None });
    }
    story.transcript =
        permit.obligations().log_full.then(|| story::transcript(&arguments.to_string()));
    let _pass = story.within(gate.limits.enter(lookup::limit(tool).as_slice()).await)?;
    let used = Used::take(gate, (permit.approval(), permit.request())).await?;
    match bill::open(gate, context, &permit, (tool, story)).await {
        Ok(bill) => {
            story.decided = true;
            Ok(Begun { permit, place, arguments, used, bill: Some(bill) })
        }
        Err(refusal) => {
            used.end(gate, false).await;
            Err(refusal)
        }
    }
}

/// Whether a server may want to know something while it works.
fn may_ask(file: &ToolServerFile) -> bool {
    file.sampling != Sampling::Off || file.elicitation || file.roots
}

/// The permit of a call, once people are heard where policy wants that. The session is then as it was when the
/// call was decided.
async fn permit(
    gate: &Gate,
    context: &Context<'_>,
    story: &mut Story,
    called: (&Tool, &Pinned, &Given),
    session: &mut Session,
) -> Result<ToolPermit, Refusal> {
    let facts = Facts::of(gate, context, called, session).await?;
    let unmet = match facts.decide(story, None) {
        Ok(permit) => return Ok(permit),
        Err(unmet) => unmet,
    };
    let approval = facts.people(gate, story, *unmet).await?;
    session.again(gate, context).await;
    let facts = Facts::of(gate, context, called, session).await?;
    facts.decide(story, Some(&approval)).map_err(|unmet| unmet.refusal)
}
