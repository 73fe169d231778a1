//! What a client may see of the tools: those that policy lists for it, by the definitions that are pinned or
//! approved and never by what a server says now.

use std::collections::BTreeMap;

use ::tools::Definition;
use config::tree::Pinning;
use rmcp::model::{ListToolsResult, Tool as Listed};
use snapshot::Tool;
use types::{Code, Integrity};

use super::handler::Turn;
use crate::{caller::Known, refusal::Refusal, tool};

/// Tools on one page.
const PAGE_MAX: usize = 200;

/// One page of the tools on the sender's route, after the one that `cursor` names.
pub(super) async fn tools(turn: &Turn, cursor: Option<&str>) -> Result<ListToolsResult, Refusal> {
    let known = turn.known()?;
    let session = &turn.sender.session;
    let route = session.route();
    let firsts = turn.snapshot.tools.servers().filter(|server| {
        route.has(server.name())
            && server.file.pinning == Pinning::FirstUse
            && !server.is_functions()
    });
    for server in firsts {
        // What is taken is in the next snapshot, and its clients are told of that.
        tool::look(&turn.gate, &turn.snapshot, (&session.servers, server)).await;
    }
    let has_sandbox = tool::has_one(known.agent);
    let servers = turn
        .snapshot
        .tools
        .servers()
        .filter(|server| route.has(server.name()) && (has_sandbox || !server.is_sandbox()));
    let all = servers.flat_map(|server| server.tools()).filter(|tool| is_shown(turn, &known, tool));
    let named = all.filter_map(|tool| {
        let definition = &tool.pinned.as_ref()?.definition;
        // Clients of all servers hand the names on to models. One that another tool has already is left as it is.
        let name = tool.model_name();
        let known = turn.snapshot.tools.by_model_name(&name);
        let unique = known.is_some_and(|known| known.name == tool.name);
        let own = route.is_one() || !unique;
        Some((if own { route.name(&tool.server, &tool.name) } else { name }, definition))
    });
    // In the order of the names that clients see; where one went away meanwhile, its place is still known.
    let named: BTreeMap<String, &Definition> = named.collect();
    let after = named.into_iter();
    let after = after.filter(|(name, _)| cursor.is_none_or(|cursor| name.as_str() > cursor));
    let mut page = Vec::new();
    let mut next = None;
    for (name, definition) in after {
        if page.len() == PAGE_MAX {
            next = page.last().map(|last: &Listed| last.name.to_string());
            break;
        }
        let mut listed = definition.to_value();
        if let Some(own) = listed.get_mut("name") {
            *own = name.into();
        }
        page.push(serde_json::from_value(listed).map_err(|_| {
            let message = format!("the definition of `{}` cannot be told", definition.name);
            Refusal::new(Code::UpstreamFailed, message)
        })?);
    }
    let mut result = ListToolsResult::with_all_items(page);
    result.next_cursor = next;
    Ok(result)
}

/// Whether policy lists a tool for the sender. The call itself is decided by what its session has seen.
fn is_shown(turn: &Turn, known: &Known<'_>, tool: &Tool) -> bool {
    let policy = &turn.snapshot.policy;
    let facts = tool.facts(true);
    !tool.hidden
        && !tool.function
        && policy.lists_tool(&known.caller, &facts, Integrity::Trusted, turn.now)
}
