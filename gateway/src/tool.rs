//! The life of one tool call, told once, top to bottom. Nothing else knows the order.
//!
//! ```text
//! lookup -> limits -> live definition: the approved one -> arguments: bounds, schema -> dlp: findings, label
//!        -> session: its label, integrity, what it has seen -> provenance, destinations
//!        -> policy: ToolPermit (or ask people) -> redact -> the tool's limit -> hold -> call
//!        -> result: size, schema, dlp -> the session knows -> out, settle and audit
//! ```
//!
//! INVARIANT: nothing reaches a tool server without a [`ToolPermit`], a hold in the ledger and an audit
//! record, and nothing of a result reaches a caller before its session knows what it has seen.

mod arguments;
mod beside;
mod bill;
mod content;
mod decide;
mod destination;
pub(crate) mod function;
mod lookup;
mod prints;
mod redact;
mod result;
mod run;
mod server;
mod servers;
mod session;
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
use snapshot::{Pinned, Snapshot, Tool};
use store::vault::Owner;
use tracing::Instrument;
use types::{Label, RequestId, SessionId};

pub use self::spec::{Unreachable, spec};
use self::{
    arguments::Given, beside::Beside, bill::Paid, decide::Facts, run::Run, session::Session,
    story::Story,
};
pub(crate) use self::{
    beside::{WORD_BYTES_MAX, unasked},
    lookup::look,
    prints::Prints,
    server::Server,
    servers::{Heard, Servers},
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
    /// Who hears of the call's progress, and is asked what the server wants to know for it.
    pub(crate) caller: Arc<dyn mcp::Caller>,
    /// The connections of the caller's session.
    pub(crate) servers: &'a Servers,
}

impl Context<'_> {
    /// Whose redaction tokens it has, where they outlive it.
    fn owner(&self) -> Option<Owner> {
        let (tenant, agent) = (self.known.caller.tenant, self.known.caller.agent);
        self.session.map(|session| Owner { tenant, agent, session })
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
    let called = answer(gate, context, &mut story, arguments).instrument(span.clone()).await;
    let refused = called.as_ref().err();
    let outcome = Trail::outcome(refused.map(|refusal| refusal.code));
    span::tool_ended(&span, outcome);
    if let Some(refusal) = refused.filter(|_| !story.decided) {
        let record = story.decision(refusal.code.as_str(), &refusal.policies);
        serve::write(gate, record, || None).await;
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
    let (permit, session) = permit(gate, context, story, (tool, pinned, &given)).await?;
    if permit.approval().is_some() {
        lookup::still(gate, context, (tool, &server), pinned).await?;
    }
    let beside = Beside {
        gate,
        context,
        permit: &permit,
        tool,
        pinned,
        session: &session,
        given: may_ask(file).then(|| given.clone()),
        answer_bytes_max: file.arguments_bytes_max,
        texts: AtomicUsize::new(0),
    };
    let arguments = given.redacted(gate, context, &permit, story).await?;
    if context.dry_run {
        serve::write(gate, story.decision("dry_run", permit.policies()), || None).await;
        story.decided = true;
        return Ok(arguments::dry_run(&permit));
    }
    let _pass = story.within(gate.limits.enter(lookup::limit(tool).as_slice()).await)?;
    let used = Used::take(gate, (permit.approval(), permit.request())).await?;
    let bill = match bill::open(gate, context, &permit, (tool, story)).await {
        Ok(bill) => bill,
        Err(refusal) => {
            used.end(gate, false).await;
            return Err(refusal);
        }
    };
    story.decided = true;
    let run = Run {
        gate,
        context,
        permit: &permit,
        tool,
        pinned,
        server: &server,
        session: &session,
        bytes_max: file.result_bytes_max,
        beside: &beside,
    };
    let ended = run.through(arguments).await;
    used.end(gate, ended.paid != Paid::Nothing).await;
    bill.close(ended.paid, &ended.end());
    ended.result
}

/// Whether a server may want to know something while it works.
fn may_ask(file: &ToolServerFile) -> bool {
    file.sampling != Sampling::Off || file.elicitation || file.roots
}

/// The permit of a call, once people are heard where policy wants that, and the session as it was when it was
/// decided.
async fn permit(
    gate: &Gate,
    context: &Context<'_>,
    story: &mut Story,
    called: (&Tool, &Pinned, &Given),
) -> Result<(ToolPermit, Session), Refusal> {
    let session = Session::of(gate, context).await?;
    let facts = Facts::of(gate, context, called, &session).await?;
    let unmet = match facts.decide(story, None) {
        Ok(permit) => return Ok((permit, session)),
        Err(unmet) => unmet,
    };
    let approval = facts.people(gate, story, *unmet).await?;
    // The session may have seen more while people thought.
    let session = Session::of(gate, context).await?;
    let facts = Facts::of(gate, context, called, &session).await?;
    let permit = facts.decide(story, Some(&approval)).map_err(|unmet| unmet.refusal)?;
    Ok((permit, session))
}
