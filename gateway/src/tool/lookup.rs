//! Which tool is called, and whether it still is the one that was approved.
//!
//! INVARIANT: a tool is called only while the definition that its server gives is one that the tree pins or a
//! person approved.

use std::sync::Arc;

use budget::Scope;
use config::tree::{Pinning, ToolServerFile};
use serde_json::json;
use snapshot::{Limit, LimitKind, Pinned, Snapshot, Tool, ToolServer};
use store::tool_definitions::Sighting;
use types::{
    Actor, ActorType, AuditId, Code, Integrity, Timestamp,
    audit::{Kind, Record},
};

use super::{
    Context, What, sandbox,
    server::{Live, Server},
    servers::Servers,
    story::Story,
};
use crate::{gate::Gate, metrics, refusal::Refusal};

/// The tool of a call, if its caller may know of it. One that is hidden, or is of nobody's tree, is refused in
/// the same words: which of the two it is is nobody's business.
pub(super) fn tool<'s>(
    context: &Context<'s>,
    story: &Story,
) -> Result<(&'s ToolServerFile, &'s Tool), Refusal> {
    let server = context.snapshot.tools.server(&story.server);
    let tool = server.and_then(|server| {
        let tool = match context.what {
            What::Tool => server.tool(&story.tool),
            What::Resource
            | What::Prompt
            | What::Completion
            | What::Resources
            | What::Templates
            | What::Prompts
            | What::Subscription
            | What::Unsubscription => server.read(&story.tool),
        };
        let offered = !server.is_sandbox() || sandbox::has_one(context.known.agent);
        Some((&server.file, tool?)).filter(|_| offered)
    });
    let caller = &context.known.caller;
    let shown = |(_, tool): &(&ToolServerFile, &Tool)| {
        // Whether the session is trusted the call itself is decided by.
        let facts = tool.facts(true);
        !tool.hidden
            && !tool.function
            && context.snapshot.policy.lists_tool(
                caller,
                &facts,
                Integrity::Trusted,
                Timestamp::now(),
            )
    };
    tool.filter(shown).ok_or_else(|| {
        let message =
            "there is no such tool for this agent; `tools/list` has those that it may use";
        Refusal { param: Some("name".to_owned()), ..Refusal::new(Code::PolicyDenied, message) }
    })
}

/// How often all callers together may call a tool.
pub(super) fn limit(tool: &Tool) -> Option<Limit> {
    let (scope, scope_id, kind) = (Scope::Tool, tool.id(), LimitKind::Requests);
    tool.calls_per_minute.map(|max| Limit { scope, scope_id, kind, max })
}

/// The accepted definition that the server's is now; a refusal where it is another one.
pub(super) async fn pinned<'s>(
    gate: &Gate,
    context: &Context<'s>,
    (tool, server): (&'s Tool, &Server),
) -> Result<&'s Arc<Pinned>, Refusal> {
    if let (true, Some(own)) = (context.what != What::Tool, &tool.pinned) {
        // The definition is ours, so that no server can change it.
        return Ok(own);
    }
    let (live, fresh) = server.tools().await.map_err(|error| {
        Refusal::new(
            Code::UpstreamFailed,
            format!("the tools of the server cannot be told: {error}"),
        )
    })?;
    if fresh && let Some(server) = context.snapshot.tools.server(&tool.server) {
        see(gate, context.snapshot, server, live.values()).await;
    }
    let (id, name) = (tool.id(), &tool.server);
    let Some(live) = live.get(&tool.name) else {
        let message = format!(
            "the server of `{id}` does not offer it now; see `orchestack tool diff {name}`"
        );
        return Err(Refusal::new(Code::UpstreamFailed, message));
    };
    tool.accepted(&live.hash).ok_or_else(|| {
        metrics::TOOLS_DRIFTED.with_label_values(&[name]).inc();
        tracing::warn!(tool = %id, hash = %live.hash, "a tool is not the one that was approved; calls of it are refused");
        let message = format!(
            "the definition of `{id}` is not the one that was approved, so it is not called; an administrator sees what changed with `orchestack tool diff {name}`",
        );
        Refusal::new(Code::PolicyDenied, message)
    })
}

/// That a tool is what it was before people were waited for: its server gives the same definition, and nobody has
/// taken it away or rejected it.
pub(super) async fn still(
    gate: &Gate,
    context: &Context<'_>,
    (tool, server): (&Tool, &Server),
    was: &Pinned,
) -> Result<(), Refusal> {
    if context.what != What::Tool {
        return Ok(());
    }
    let now = gate.snapshots.load();
    let known = now.tools.tool(&tool.server, &tool.name).filter(|tool| !tool.hidden);
    let accepted = known.is_some_and(|tool| tool.accepted(&was.hash).is_some());
    let live = server.tools().await.ok();
    let same = live
        .is_some_and(|(live, _)| live.get(&tool.name).is_some_and(|live| live.hash == was.hash));
    if accepted && same {
        return Ok(());
    }
    let message =
        format!("`{}` changed while its approval was waited for; call it again", tool.id());
    Err(Refusal::new(Code::PolicyDenied, message))
}

/// Looks at what a server gives, so that what is the first of its tool is taken where the server's file says so.
pub(crate) async fn look(
    gate: &Gate,
    snapshot: &Snapshot,
    (servers, server): (&Servers, &ToolServer),
) {
    let looked = async {
        let connected = Box::pin(servers.get(gate, snapshot, server.name())).await.ok()?;
        connected.tools().await.ok()
    };
    // A server that cannot be reached offers nothing new.
    if let Some((live, true)) = looked.await {
        see(gate, snapshot, server, live.values()).await;
    }
}

/// Takes note of what a server gives that nobody has decided of. Where its file says so, what is the first of its
/// tool is taken, and the next snapshot has it.
pub(super) async fn see<'l>(
    gate: &Gate,
    snapshot: &Snapshot,
    server: &ToolServer,
    live: impl Iterator<Item = &'l Live>,
) {
    let name = server.name();
    let new = |live: &&Live| {
        server.tool(&live.definition.name).is_none_or(|tool| tool.accepted(&live.hash).is_none())
    };
    let sighting =
        |live: &Live| Sighting { server: name.to_owned(), definition: live.definition.clone() };
    let sightings: Vec<Sighting> = live.filter(new).map(sighting).collect();
    if sightings.is_empty() {
        return;
    }
    let definitions = gate.store.tool_definitions();
    let taken = async {
        if server.file.pinning == Pinning::FirstUse {
            // What the tree pins is not there for the first time, whatever became of its pin.
            let is_first = |seen: &&Sighting| !server.is_pinned(&seen.definition.name);
            for seen in sightings.iter().filter(is_first) {
                definitions.take_first(snapshot.tenant, seen, &record(snapshot, seen)).await?;
            }
        }
        definitions.saw(snapshot.tenant, &sightings).await
    };
    if let Err(error) = taken.await {
        tracing::warn!(%error, server = name, "what a tool server gives could not be noted");
    }
}

/// The record of a definition that is taken because it is the first of its tool.
fn record(snapshot: &Snapshot, seen: &Sighting) -> Record {
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant: snapshot.tenant,
        kind: Kind::System,
        request: None,
        actor: Actor {
            kind: ActorType::System,
            id: "gateway".to_owned(),
            auth: "first_use".to_owned(),
        },
        action: "tool.approve".to_owned(),
        resource: format!("{}.{}", seen.server, seen.definition.name),
        outcome: "ok".to_owned(),
        commit: snapshot.commit.clone(),
        detail: json!({ "hash": seen.hash().as_str(), "why": "first_use" }).into(),
    }
}
