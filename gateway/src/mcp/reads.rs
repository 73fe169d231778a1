//! Resources, prompts and completions: listed from the servers that policy lets the sender ask, and read by the
//! gateway's own pipeline, as what a tool answers is.

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CompleteRequestParams, CompleteResult, GetPromptRequestParams, GetPromptResult,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ReadResourceRequestParams, ReadResourceResult, Reference, ServerCapabilities,
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

type Request<'c> = &'c RequestContext<RoleServer>;

pub(super) async fn resources(
    turn: &Turn,
    context: Request<'_>,
) -> Result<ListResourcesResult, ErrorData> {
    Ok(ListResourcesResult::with_all_items(list(turn, List::Resources, context).await?))
}

pub(super) async fn templates(
    turn: &Turn,
    context: Request<'_>,
) -> Result<ListResourceTemplatesResult, ErrorData> {
    Ok(ListResourceTemplatesResult::with_all_items(list(turn, List::Templates, context).await?))
}

pub(super) async fn prompts(
    turn: &Turn,
    context: Request<'_>,
) -> Result<ListPromptsResult, ErrorData> {
    Ok(ListPromptsResult::with_all_items(list(turn, List::Prompts, context).await?))
}

pub(super) async fn resource(
    turn: &Turn,
    request: ReadResourceRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<ReadResourceResult, ErrorData> {
    let server = of_uri(turn, &request.uri).await?;
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
        Reference::Resource(resource) => of_uri(turn, &resource.uri).await?,
        _ => return Err(turn.refused(&nothing("reference"))),
    };
    request.meta = None;
    let arguments = serde_json::to_value(request).unwrap_or_default();
    let read = (What::Completion, server.as_str(), reads::COMPLETION);
    told(turn, call::read(turn, read, arguments, context).await)
}

/// Subscribes to a resource at its server, or ends that.
pub(super) async fn subscribe(
    turn: &Turn,
    uri: &str,
    wanted: bool,
    context: Request<'_>,
) -> Result<(), ErrorData> {
    let server = of_uri(turn, uri).await?;
    let (what, name) = match wanted {
        true => (What::Subscription, reads::SUBSCRIPTION),
        false => (What::Unsubscription, reads::UNSUBSCRIPTION),
    };
    let read = (what, server.as_str(), name);
    match call::read(turn, read, json!({ "uri": uri }), context).await?.is_error {
        true => Err(turn.refused(&nothing("resource"))),
        false => Ok(()),
    }
}

/// Tells the servers that the session is connected to how much of their logs it wants to hear. Those that it
/// connects to later say what they say by themselves, and less than that is not passed on.
pub(super) async fn set_level(turn: &Turn, level: &str) -> Result<(), Refusal> {
    turn.sender.session.ears.set_level(level);
    let known = turn.known()?;
    for server in servers(turn, &known, reads::LOG) {
        // A server without logs refuses, and is none the worse.
        if let Ok(connected) = connected(turn, server.name()).await {
            let _ = connected.connection.set_level(level).await;
        }
    }
    Ok(())
}

impl List {
    /// What a server is asked for, the name of that to policies, and the fields of the items and their URIs.
    const fn parts(self) -> (What, &'static str, &'static str, &'static str) {
        match self {
            Self::Resources => (What::Resources, reads::RESOURCES, "resources", "uri"),
            Self::Templates => {
                (What::Templates, reads::TEMPLATES, "resourceTemplates", "uriTemplate")
            }
            Self::Prompts => (What::Prompts, reads::PROMPTS, "prompts", "uri"),
        }
    }

    /// Whether a server has such a list.
    fn is_of(self, can: &ServerCapabilities) -> bool {
        match self {
            Self::Resources | Self::Templates => can.resources.is_some(),
            Self::Prompts => can.prompts.is_some(),
        }
    }
}

/// The items of a list of all servers on the sender's route, each asked by the gateway's own pipeline. One that
/// cannot be asked has none, unless it is the only one.
async fn list<T: DeserializeOwned>(
    turn: &Turn,
    list: List,
    context: Request<'_>,
) -> Result<Vec<T>, ErrorData> {
    let known = turn.known().map_err(|refusal| turn.refused(&refusal))?;
    let route = turn.sender.session.route();
    let (what, read, field_of_items, _) = list.parts();
    let mut items = Vec::new();
    for server in servers(turn, &known, read) {
        let name = server.name();
        match has(turn, name, list).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(refusal) if route.is_one() => return Err(turn.refused(&refusal)),
            Err(_) => continue,
        }
        let asked = call::asked(turn, (what, name, read), json!({}), context);
        let mut listed = match Box::pin(asked).await? {
            Ok(listed) => listed,
            Err(refusal) if route.is_one() || is_for_all(&refusal) => {
                return Err(turn.refused(&refusal));
            }
            Err(_) => continue,
        };
        let Some(Value::Array(mut listed)) = listed.rest.remove(field_of_items) else { continue };
        note(turn, (name, list), &listed);
        if list == List::Prompts {
            for item in &mut listed {
                if let Some(own) = field(item, "name") {
                    item["name"] = route.name(name, &own).into();
                }
            }
        }
        items.extend(listed.into_iter().filter_map(|item| serde_json::from_value(item).ok()));
        items.truncate(ITEMS_MAX);
    }
    Ok(items)
}

/// Whether the refusal of one server's list is one of all of them.
fn is_for_all(refusal: &Refusal) -> bool {
    matches!(refusal.code, Code::RateLimited | Code::Unauthenticated | Code::DependencyUnavailable)
}

/// Whether a server can be reached and has such a list.
async fn has(turn: &Turn, server: &str, list: List) -> Result<bool, Refusal> {
    let connected = connected(turn, server).await?;
    let failed = |error: mcp::Error| Refusal::new(Code::UpstreamFailed, error.to_string());
    Ok(list.is_of(&connected.connection.server().await.map_err(failed)?.capabilities))
}

fn note(turn: &Turn, (server, list): (&str, List), items: &[Value]) {
    let (.., key) = list.parts();
    turn.sender.session.uris.note(server, items.iter().filter_map(|item| field(item, key)));
}

/// The server of a URI: the route's, or that which lists it.
async fn of_uri(turn: &Turn, uri: &str) -> Result<String, ErrorData> {
    let session = &turn.sender.session;
    if let Some(only) = session.route().only() {
        return Ok(only.to_owned());
    }
    if let Some(server) = session.uris.server(uri) {
        return Ok(server);
    }
    let found = async {
        find(turn, List::Resources).await?;
        find(turn, List::Templates).await?;
        session.uris.server(uri).ok_or_else(|| nothing("resource"))
    };
    turn.within(Box::pin(found)).await
}

/// Takes note of the URIs that servers have. Nobody is told what else is in their lists.
async fn find(turn: &Turn, list: List) -> Result<(), Refusal> {
    let known = turn.known()?;
    let (_, read, ..) = list.parts();
    for server in servers(turn, &known, read) {
        let name = server.name();
        if !has(turn, name, list).await.unwrap_or(false) {
            continue;
        }
        let connection = connected(turn, name).await?.connection.clone();
        let listed = match list {
            List::Resources => connection.resources().await,
            List::Templates => connection.templates().await,
            List::Prompts => Ok(Vec::new()),
        };
        note(turn, (name, list), &listed.unwrap_or_default());
    }
    Ok(())
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
    if turn.sender.wishes.dry_run {
        let told = read.content.first().and_then(|block| field(block, "text"));
        let nothing = json!({
            "contents": [], "messages": [], "completion": { "values": [] },
            "_meta": { "orchestack/dry_run": told },
        });
        return serde_json::from_value(nothing).map_err(|_| turn.refused(&untold()));
    }
    if read.is_error {
        // What the server said of it has been searched as its results are.
        let said = read.content.first().and_then(|block| field(block, "text"));
        let refusal = nothing("resource or prompt");
        let mut error = turn.refused(&refusal);
        error.message = said.unwrap_or(refusal.message).into();
        return Err(error);
    }
    let rest: Map<String, Value> = read.rest;
    serde_json::from_value(Value::Object(rest)).map_err(|_| turn.refused(&untold()))
}

fn untold() -> Refusal {
    Refusal::new(Code::UpstreamFailed, "the server's answer is none that MCP can tell")
}
