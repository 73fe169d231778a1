//! What people are shown of tools.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use snapshot::{Snapshot, Tool};
use store::tool_definitions::{Known, State};
use tools::{Change, Definition, Flag, diff};
use utoipa::ToSchema;

/// Tools.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ToolList {
    /// By server and name.
    pub tools: Vec<ToolView>,
}

/// One tool.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ToolView {
    /// Its name in policies, such as `mail.send`.
    pub id: String,
    /// Its server.
    pub server: String,
    /// Its own name.
    pub tool: String,
    /// `pinned` by the tree, `approved` at run time, `function` that callers run, or `none`: then nobody is
    /// offered it.
    pub offered: String,
    /// The hash of what is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Whether the tree hides it.
    pub hidden: bool,
    /// What a call does: `read`, `write`, `egress`, `contained`, `money`, `infra` or `unknown`.
    pub effect: String,
    /// Whether a call may be made again: `pure`, `idempotent`, `readback` or `once`.
    pub replay: String,
    /// Whether its results are the organisation's own word.
    pub trusted: bool,
    /// How many definitions servers gave that wait for a decision.
    pub waiting: usize,
    /// How many definitions were rejected that servers gave since, or in whose place none is offered: calls of the
    /// tool are refused as long as one of them is what the server gives.
    #[serde(default)]
    pub rejected: usize,
    /// What a person should know of what is offered, or of what waits.
    pub flags: Vec<String>,
}

/// One tool with its definitions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ToolDetail {
    /// The tool.
    #[serde(flatten)]
    pub tool: ToolView,
    /// Every definition that is known: what is offered first, then what was seen last.
    pub definitions: Vec<DefinitionView>,
}

/// One definition of a tool.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DefinitionView {
    /// Its hash, which decisions are bound to.
    pub hash: String,
    /// `pinned`, `seen`, `approved` or `rejected`.
    pub state: String,
    /// Whether callers are offered it.
    pub offered: bool,
    /// Whether it was rejected, and a server may give it still.
    #[serde(default)]
    pub refused: bool,
    /// Whether it was taken because it was the first of its tool.
    pub first_use: bool,
    /// When a gateway saw it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen_at: Option<String>,
    /// When one saw it last, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<String>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is wrong with it, or should be known of it.
    pub flags: Vec<String>,
    /// What differs from the one that is offered, with what is hidden made visible.
    pub changes: Vec<String>,
    /// The definition as the server gave it.
    pub definition: serde_json::Value,
}

/// Every tool of the tree and of what servers gave.
pub(super) fn list(snapshot: &Snapshot, known: &[Known], server: Option<&str>) -> ToolList {
    let mut waiting: BTreeMap<(&str, &str), Vec<&Known>> = BTreeMap::new();
    for known in known {
        let seen = &known.sighting;
        waiting.entry((&seen.server, &seen.definition.name)).or_default().push(known);
    }
    let servers = snapshot.tools.servers();
    let servers = servers.filter(|one| server.is_none_or(|name| name == one.name()));
    for tool in servers.flat_map(snapshot::ToolServer::tools) {
        waiting.entry((&tool.server, &tool.name)).or_default();
    }
    // All at once: each is looked at beside all others.
    let told = waiting.iter().filter_map(|(name, known)| told(snapshot, *name, known));
    let told: Vec<_> = told.collect();
    let flags = snapshot.tools.flags_of(&told);
    let tools = waiting.iter().map(|(name, known)| view(snapshot, *name, known, &flags));
    ToolList { tools: tools.collect() }
}

/// What of a tool people are told about: what is offered, or else what waits.
fn told<'a>(
    snapshot: &'a Snapshot,
    (server, name): (&'a str, &str),
    known: &[&'a Known],
) -> Option<(&'a str, &'a Definition)> {
    let pinned = snapshot.tools.tool(server, name).and_then(|tool| tool.pinned.as_ref());
    let waiting = || known.iter().find(|known| waits(snapshot, known));
    let told = pinned.map(|pinned| &pinned.definition);
    Some((server, told.or_else(|| Some(&waiting()?.sighting.definition))?))
}

/// One tool with everything that is known of it; `None` where nothing is.
pub(super) fn detail(
    snapshot: &Snapshot,
    (server, name): (&str, &str),
    known: &[Known],
) -> Option<ToolDetail> {
    let tool = snapshot.tools.tool(server, name);
    if tool.is_none() && known.is_empty() {
        return None;
    }
    let offered = tool.and_then(|tool| tool.pinned.as_ref()).map(|pinned| &pinned.definition);
    let mut definitions: Vec<DefinitionView> =
        known.iter().map(|known| of_row(snapshot, known, offered)).collect();
    let all = snapshot.tools.pinned().into_iter();
    let pinned = all.filter(|(of, one)| *of == server && one.name == name).map(|(_, one)| one);
    for one in pinned {
        let hash = one.hash(server).to_string();
        match definitions.iter_mut().find(|view| view.hash == hash) {
            Some(view) if view.state != State::Rejected.as_str() => {
                "pinned".clone_into(&mut view.state)
            }
            Some(_) => {}
            None => definitions.push(of_pin(snapshot, (server, one), offered)),
        }
    }
    definitions.sort_by_key(|view| !view.offered);
    let known: Vec<&Known> = known.iter().collect();
    let told: Vec<_> = told(snapshot, (server, name), &known).into_iter().collect();
    let flags = snapshot.tools.flags_of(&told);
    let tool = view(snapshot, (server, name), &known, &flags);
    Some(ToolDetail { tool, definitions })
}

fn view(
    snapshot: &Snapshot,
    (server, name): (&str, &str),
    known: &[&Known],
    flags: &[Flag],
) -> ToolView {
    let undeclared = Tool::undeclared(name);
    let tool = snapshot.tools.tool(server, name);
    let pinned = tool.and_then(|tool| tool.pinned.as_ref());
    let offered = match (tool, pinned) {
        (Some(tool), _) if tool.function => "function",
        (Some(tool), Some(_)) if tool.by_tree => "pinned",
        (_, Some(_)) => "approved",
        (_, None) => "none",
    };
    let own = flags.iter().filter(|flag| flag.server == server && flag.tool == name);
    let facts = tool.unwrap_or(&undeclared);
    ToolView {
        id: format!("{server}.{name}"),
        server: server.to_owned(),
        tool: name.to_owned(),
        offered: offered.to_owned(),
        hash: pinned.map(|pinned| pinned.hash.to_string()),
        hidden: facts.hidden,
        effect: facts.effect.to_string(),
        replay: facts.replay.to_string(),
        trusted: facts.trusted,
        waiting: known.iter().filter(|known| waits(snapshot, known)).count(),
        rejected: known.iter().filter(|known| is_refused(known, pinned.is_some())).count(),
        flags: own.map(ToString::to_string).collect(),
    }
}

/// Whether a rejected definition may be what its server gives now. Gateways note what they see of it by the minute.
fn is_refused(known: &Known, offered: bool) -> bool {
    let since = known.decided_at.is_none_or(|decided| known.last_seen_at > decided);
    known.state == State::Rejected && (since || !offered)
}

/// Whether a person should decide about it. What the tree has pinned since needs nobody's word.
pub(super) fn waits(snapshot: &Snapshot, known: &Known) -> bool {
    let seen = &known.sighting;
    let tool = snapshot.tools.tool(&seen.server, &seen.definition.name);
    known.state == State::Seen && tool.is_none_or(|tool| tool.accepted(&seen.hash()).is_none())
}

fn of_row(snapshot: &Snapshot, known: &Known, offered: Option<&Definition>) -> DefinitionView {
    let seen = &known.sighting;
    DefinitionView {
        state: known.state.to_string(),
        refused: is_refused(known, offered.is_some()),
        first_use: known.first_use,
        first_seen_at: Some(known.first_seen_at.to_string()),
        last_seen_at: Some(known.last_seen_at.to_string()),
        decided_by: known.decided_by.clone(),
        reason: known.reason.clone(),
        ..of_pin(snapshot, (&seen.server, &seen.definition), offered)
    }
}

fn of_pin(
    snapshot: &Snapshot,
    (server, one): (&str, &Definition),
    offered: Option<&Definition>,
) -> DefinitionView {
    let changes = offered.map(|offered| changes(offered, one)).unwrap_or_default();
    DefinitionView {
        hash: one.hash(server).to_string(),
        state: "pinned".to_owned(),
        offered: offered == Some(one),
        refused: false,
        first_use: false,
        first_seen_at: None,
        last_seen_at: None,
        decided_by: None,
        reason: None,
        flags: flags(snapshot, server, one),
        changes,
        definition: one.to_value(),
    }
}

fn changes(before: &Definition, after: &Definition) -> Vec<String> {
    let changes = diff(std::slice::from_ref(before), std::slice::from_ref(after));
    changes.iter().map(Change::to_string).collect()
}

fn flags(snapshot: &Snapshot, server: &str, one: &Definition) -> Vec<String> {
    snapshot.tools.flags_of(&[(server, one)]).iter().map(ToString::to_string).collect()
}
