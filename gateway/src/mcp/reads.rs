//! Resources, prompts and completions: listed from the servers that policy lets the sender ask, and read by the
//! gateway's own pipeline, as what a tool answers is.

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CompleteRequestParams, CompleteResult, GetPromptRequestParams, GetPromptResult,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ReadResourceRequestParams, ReadResourceResult, Reference,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use snapshot::reads;
use types::Code;

use super::{
    call,
    handler::Turn,
    offers::{connected, field, servers},
};
use crate::{refusal::Refusal, tool::What};

/// Items of all servers together that one list has.
const ITEMS_MAX: usize = 4096;

/// A list of the servers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Resources,
    Templates,
    Prompts,
}

pub(super) async fn resources(turn: &Turn) -> Result<ListResourcesResult, Refusal> {
    Ok(ListResourcesResult::with_all_items(list(turn, List::Resources).await?))
}

pub(super) async fn templates(turn: &Turn) -> Result<ListResourceTemplatesResult, Refusal> {
    Ok(ListResourceTemplatesResult::with_all_items(list(turn, List::Templates).await?))
}

pub(super) async fn prompts(turn: &Turn) -> Result<ListPromptsResult, Refusal> {
    Ok(ListPromptsResult::with_all_items(list(turn, List::Prompts).await?))
}

pub(super) async fn resource(
    turn: &Turn,
    request: ReadResourceRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<ReadResourceResult, ErrorData> {
    let server = of_uri(turn, &request.uri).await.map_err(|refusal| turn.refused(&refusal))?;
    let arguments = json!({ "uri": request.uri });
    let read = (What::Resource, server.as_str(), reads::RESOURCE);
    told(turn, call::read(turn, read, arguments, context).await)
}

pub(super) async fn prompt(
    turn: &Turn,
    request: GetPromptRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<GetPromptResult, ErrorData> {
    let Some((server, name)) = turn.sender.session.route().split(&request.name) else {
        return Err(turn.refused(&nothing("prompt")));
    };
    let arguments = json!({ "name": name, "arguments": request.arguments.unwrap_or_default() });
    let read = (What::Prompt, server, reads::PROMPT);
    told(turn, call::read(turn, read, arguments, context).await)
}

pub(super) async fn completion(
    turn: &Turn,
    mut request: CompleteRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CompleteResult, ErrorData> {
    let server = match &mut request.r#ref {
        Reference::Prompt(prompt) => {
            let Some((server, name)) = turn.sender.session.route().split(&prompt.name) else {
                return Err(turn.refused(&nothing("prompt")));
            };
            let (server, name) = (server.to_owned(), name.to_owned());
            prompt.name = name;
            server
        }
        Reference::Resource(resource) => {
            let server = of_uri(turn, &resource.uri).await;
            server.map_err(|refusal| turn.refused(&refusal))?
        }
        _ => return Err(turn.refused(&nothing("reference"))),
    };
    request.meta = None;
    let arguments = serde_json::to_value(request).unwrap_or_default();
    let read = (What::Completion, server.as_str(), reads::COMPLETION);
    told(turn, call::read(turn, read, arguments, context).await)
}

/// Subscribes to a resource at its server, or ends that.
pub(super) async fn subscribe(turn: &Turn, uri: &str, wanted: bool) -> Result<(), Refusal> {
    let server = of_uri(turn, uri).await?;
    let known = turn.known()?;
    if !servers(turn, &known, reads::RESOURCE).any(|served| served.name() == server) {
        return Err(nothing("resource"));
    }
    let connected = connected(turn, &server).await?;
    let done = match wanted {
        true => connected.connection.subscribe(uri).await,
        false => connected.connection.unsubscribe(uri).await,
    };
    done.map_err(|error| Refusal::new(Code::UpstreamFailed, error.to_string()))
}

/// Tells the servers that the session is connected to how much of their logs it wants to hear. Those that it
/// connects to later say what they say by themselves, and less than that is not passed on.
pub(super) async fn set_level(turn: &Turn, level: &str) -> Result<(), Refusal> {
    turn.sender.session.ears.set_level(level);
    let known = turn.known()?;
    for server in servers(turn, &known, reads::RESOURCE) {
        // A server without logs refuses, and is none the worse.
        if let Ok(connected) = connected(turn, server.name()).await {
            let _ = connected.connection.set_level(level).await;
        }
    }
    Ok(())
}

/// The items of a list of all servers on the sender's route. One that cannot be asked has none, unless it is the
/// only one.
async fn list<T: DeserializeOwned>(turn: &Turn, list: List) -> Result<Vec<T>, Refusal> {
    let known = turn.known()?;
    let session = &turn.sender.session;
    let read = if list == List::Prompts { reads::PROMPT } else { reads::RESOURCE };
    let mut items = Vec::new();
    for server in servers(turn, &known, read) {
        let name = server.name();
        let connection = match connected(turn, name).await {
            Ok(connected) => connected.connection.clone(),
            Err(refusal) if session.route().is_one() => return Err(refusal),
            Err(_) => continue,
        };
        let listed = match list {
            List::Resources => connection.resources().await,
            List::Templates => connection.templates().await,
            List::Prompts => connection.prompts().await,
        };
        let mut listed = match listed {
            Ok(listed) => listed,
            // One that has no such list.
            Err(mcp::Error::Refused { .. }) => continue,
            Err(error) if session.route().is_one() => {
                return Err(Refusal::new(Code::UpstreamFailed, error.to_string()));
            }
            Err(_) => continue,
        };
        let key = if list == List::Templates { "uriTemplate" } else { "uri" };
        session.uris.note(name, listed.iter().filter_map(|item| field(item, key)));
        if list == List::Prompts {
            for item in &mut listed {
                if let Some(own) = field(item, "name") {
                    item["name"] = session.route().name(name, &own).into();
                }
            }
        }
        items.extend(listed.into_iter().filter_map(|item| serde_json::from_value(item).ok()));
    }
    items.truncate(ITEMS_MAX);
    Ok(items)
}

/// The server of a URI: the route's, or that which lists it.
async fn of_uri(turn: &Turn, uri: &str) -> Result<String, Refusal> {
    let session = &turn.sender.session;
    if let Some(only) = session.route().only() {
        return Ok(only.to_owned());
    }
    if let Some(server) = session.uris.server(uri) {
        return Ok(server);
    }
    list::<Value>(turn, List::Resources).await?;
    list::<Value>(turn, List::Templates).await?;
    session.uris.server(uri).ok_or_else(|| nothing("resource"))
}

fn nothing(what: &str) -> Refusal {
    let message =
        format!("there is no such {what} for this agent; the lists have those that it may use");
    Refusal::new(Code::InvalidRequest, message)
}

/// What was read in the protocol's own form, or why nothing was.
fn told<T: DeserializeOwned>(
    turn: &Turn,
    read: Result<mcp::CallResult, ErrorData>,
) -> Result<T, ErrorData> {
    let read = read?;
    if read.is_error {
        // What the server said of it has been searched as its results are.
        let said = read.content.first().and_then(|block| field(block, "text"));
        let refusal = nothing("resource or prompt");
        let mut error = turn.refused(&refusal);
        error.message = said.unwrap_or(refusal.message).into();
        return Err(error);
    }
    let rest: Map<String, Value> = read.rest;
    serde_json::from_value(Value::Object(rest)).map_err(|_| {
        turn.refused(&Refusal::new(
            Code::UpstreamFailed,
            "the server's answer is none that MCP can tell",
        ))
    })
}
