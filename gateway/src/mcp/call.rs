//! One call of a tool: the gateway's own pipeline does it, and the client hears of its progress and is asked
//! what the server wants to know for it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use config::tree::Sampling;
use mcp::{CallResult, Caller, Progress};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResult, ContentBlock, CustomRequest, GetExtensions,
        MetaObject, ProgressNotification, ProgressNotificationParam, ProgressToken, RequestId,
        RequestMetaObject, ServerRequest,
    },
    service::{OriginatingRequestId, Peer, PeerRequestOptions, RequestContext},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use types::{Code, KEY_META};

use super::{Sender, handler::Turn, sampling};
use crate::{caller::Known, gate::Gate, refusal::Refusal, serve::least, tool, tool::What};

/// Words on progress that wait for the client.
const WORDS_MAX: usize = 64;
/// The longest key of a call.
const KEY_BYTES_MAX: usize = 256;
/// How long after the end of a message its client's word of that is waited for, and how long its server hears of it.
const WORD_TIME: Duration = Duration::from_secs(1);
const WITHDRAWAL_TIME: Duration = Duration::from_secs(6);
/// How often a call that runs is looked at, whether its credential still stands.
const LOOK: Duration = Duration::from_secs(1);
/// How long a client's user or model may think.
const ANSWER_TIME: Duration = Duration::from_secs(300);

/// The client of one call, for the server that works on it.
struct Asked {
    gate: Arc<Gate>,
    sender: Sender,
    /// The server that works on the call.
    server: String,
    /// Who answers where the server asks for a model's answer.
    sampling: Sampling,
    peer: Peer<RoleServer>,
    /// The message that the client waits for: what the server asks goes out beside it.
    message: RequestId,
    progress: mpsc::Sender<Progress>,
}

/// Calls a tool for the sender of a message.
pub(super) async fn tool(
    turn: &Turn,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let Some((server, name)) = turn.sender.session.route().split(&request.name) else {
        return Err(turn.refused(&unknown()));
    };
    let known = turn.snapshot.tools.server(server);
    let name = known.map_or(name, |known| known.own_name(name));
    let arguments = Value::Object(request.arguments.unwrap_or_default());
    let called = asked(turn, (What::Tool, server, name), arguments, context);
    match Box::pin(called).await? {
        Ok(result) => result_of(result.into_value()).map_err(|refusal| turn.refused(&refusal)),
        Err(refusal) if is_for_model(&refusal) => Ok(refused(turn, &refusal)),
        Err(refusal) => Err(turn.refused(&refusal)),
    }
}

/// Reads something of a server for the sender of a message.
pub(super) async fn read(
    turn: &Turn,
    read: (What, &str, &str),
    arguments: Value,
    context: &RequestContext<RoleServer>,
) -> Result<CallResult, ErrorData> {
    let read = Box::pin(asked(turn, read, arguments, context)).await?;
    read.map_err(|refusal| turn.refused(&refusal))
}

/// Asks a server by the gateway's own pipeline. A client that withdraws its message ends it.
pub(super) async fn asked(
    turn: &Turn,
    (what, server, name): (What, &str, &str),
    arguments: Value,
    context: &RequestContext<RoleServer>,
) -> Result<Result<CallResult, Refusal>, ErrorData> {
    let (session, wishes) = (&turn.sender.session, &turn.sender.wishes);
    let known = turn.known().map_err(|refusal| turn.refused(&refusal))?;
    let (progress, words) = mpsc::channel(WORDS_MAX);
    let file = turn.snapshot.tools.server(server).map(|server| &server.file);
    let client = Asked {
        gate: Arc::clone(&turn.gate),
        sender: turn.sender.clone(),
        server: server.to_owned(),
        sampling: file.map_or(Sampling::Off, |file| file.sampling),
        peer: context.peer.clone(),
        message: context.id.clone(),
        progress,
    };
    let call = tool::Context {
        request: turn.sender.request,
        what,
        snapshot: &turn.snapshot,
        known: &known,
        session: Some(session.flow),
        label: least(&known, wishes),
        wait: wishes.wait.unwrap_or_default(),
        dry_run: wishes.dry_run,
        key: key_of(&context.meta),
        caller: Arc::new(client),
        servers: &session.servers,
        withdrawal: CancellationToken::new(),
    };
    let token = context.meta.get_progress_token();
    let called = tool::call(&turn.gate, &call, (server, name), arguments);
    let under_way = session.withdrawals.begin(&context.id);
    let mut answered = std::pin::pin!(told(&context.peer, token, words, called));
    let is_withdrawn = tokio::select! {
        answered = &mut answered => return Ok(answered),
        // What was called under a credential ends with it: a run that is stopped loses its grant.
        () = taken_away(turn, &known) => true,
        // The end of the connection, or of this gateway, is no word of the client's: what it called goes on.
        () = context.ct.cancelled() => {
            tokio::time::timeout(WORD_TIME, under_way.withdrawn()).await.is_ok()
        }
    };
    if is_withdrawn {
        call.withdrawal.cancel();
        let _ = tokio::time::timeout(WITHDRAWAL_TIME, answered).await;
    }
    Err(ErrorData::internal_error("it was withdrawn", None))
}

/// Waits until the sender's credential or agent is taken away.
async fn taken_away(turn: &Turn, known: &Known<'_>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let snapshot = turn.gate.snapshots.load();
        let is_revoked = match (&known.caller.grant, known.caller.key) {
            (Some(grant), _) => snapshot.is_revoked(grant.id),
            (None, Some(key)) => snapshot.key(key).is_none_or(|key| key.revoked_at.is_some()),
            (None, None) => false,
        };
        if is_revoked || snapshot.agent(known.agent.id).is_none() {
            return;
        }
    }
}

/// By what the client tells its call apart from others. A longer one is none.
fn key_of(meta: &RequestMetaObject) -> Option<String> {
    let key = meta.0.0.get(KEY_META)?.as_str()?;
    (key.len() <= KEY_BYTES_MAX).then(|| key.to_owned())
}

/// The answer of a call, whose progress its client is told in order and before the answer.
async fn told<T>(
    peer: &Peer<RoleServer>,
    token: Option<ProgressToken>,
    mut words: mpsc::Receiver<Progress>,
    called: impl Future<Output = T>,
) -> T {
    let tell = async |progress: Progress| {
        let Some(token) = token.clone() else { return };
        let mut said = ProgressNotificationParam::new(token, progress.done);
        (said.total, said.message) = (progress.total, progress.message);
        // A client that left is not told.
        let _ = peer.send_notification(ProgressNotification::new(said).into()).await;
    };
    let mut called = std::pin::pin!(called);
    let answered = loop {
        tokio::select! {
            biased;
            Some(progress) = words.recv() => tell(progress).await,
            answered = &mut called => break answered,
        }
    };
    while let Ok(progress) = words.try_recv() {
        tell(progress).await;
    }
    answered
}

/// A result in the words of the version that the client speaks. A block of a kind that it cannot have is told as
/// its text.
fn result_of(mut result: Value) -> Result<CallToolResult, Refusal> {
    let blocks = result.get_mut("content").and_then(Value::as_array_mut);
    for block in blocks.into_iter().flatten() {
        if serde_json::from_value::<ContentBlock>(block.clone()).is_err() {
            *block = json!({ "type": "text", "text": block.to_string() });
        }
    }
    serde_json::from_value(result).map_err(|_| {
        Refusal::new(Code::UpstreamFailed, "the result of the tool is none that MCP can tell")
    })
}

/// Whether a model should read of a refusal, so that it does something else. An unknown tool and a credential
/// that is gone are errors of the protocol.
fn is_for_model(refusal: &Refusal) -> bool {
    refusal.code != Code::Unauthenticated && refusal.param.as_deref() != Some("name")
}

/// A refusal as the result of a call.
fn refused(turn: &Turn, refusal: &Refusal) -> CallToolResult {
    let error = turn.refused(refusal);
    let mut text = format!("{} ({})", refusal.message, refusal.code);
    if !refusal.policies.is_empty() {
        text.push_str(&format!("; policies: {}", refusal.policies.join(", ")));
    }
    if let Some(id) = refusal.approval.as_ref().and_then(|approval| approval.get("id")) {
        text.push_str(&format!("; approval: {}", id.as_str().unwrap_or_default()));
    }
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    let mut meta = MetaObject::default();
    let mut told = error.data.unwrap_or_default();
    // Beside the text for a model: what people read.
    if let Some(fields) = told.as_object_mut() {
        fields.insert("message".to_owned(), refusal.message.clone().into());
    }
    meta.0.insert(mcp::REFUSAL_META.to_owned(), told);
    result.meta = Some(meta);
    result
}

fn unknown() -> Refusal {
    let message = "there is no such tool for this agent; `tools/list` has those that it may use";
    Refusal { param: Some("name".to_owned()), ..Refusal::new(Code::InvalidRequest, message) }
}

#[async_trait]
impl Caller for Asked {
    fn progress(&self, progress: Progress) {
        // One that nobody has room for is followed by another.
        let _ = self.progress.try_send(progress);
    }

    async fn create_message(&self, params: Value) -> Result<Value, ErrorData> {
        match self.sampling {
            Sampling::Off => return Err(cannot("sampling")),
            Sampling::Models => {
                let asker = (&self.sender, self.server.as_str());
                let answered = sampling::answer(&self.gate, asker, &params).await;
                // A server is told no more than that it gets no answer.
                return answered.map_err(|refusal| {
                    ErrorData::invalid_request(format!("no answer: {}", refusal.code), None)
                });
            }
            Sampling::Caller => {}
        }
        self.ask("sampling", "sampling/createMessage", params).await
    }

    async fn elicit(&self, params: Value) -> Result<Value, ErrorData> {
        self.ask("elicitation", "elicitation/create", params).await
    }

    async fn roots(&self) -> Result<Value, ErrorData> {
        match self.ask("roots", "roots/list", json!({})).await {
            // A client that has none works nowhere that a server could know of.
            Err(_) => Ok(json!({ "roots": [] })),
            roots => roots,
        }
    }
}

impl Asked {
    /// Asks a client that can do this, beside the message that it waits for.
    async fn ask(&self, what: &str, method: &str, params: Value) -> Result<Value, ErrorData> {
        let client =
            self.peer.peer_info().and_then(|said| serde_json::to_value(&said.capabilities).ok());
        if client.is_none_or(|can| can.get(what).is_none()) {
            return Err(cannot(what));
        }
        let mut request = ServerRequest::CustomRequest(CustomRequest::new(method, Some(params)));
        request.extensions_mut().insert(OriginatingRequestId(self.message.clone()));
        let options = PeerRequestOptions::with_timeout(ANSWER_TIME);
        let failed = || ErrorData::internal_error("the client gave no answer", None);
        let asked = self.peer.send_request_with_option(request, options).await;
        match asked.map_err(|_| failed())?.await_response().await {
            Ok(answer) => serde_json::to_value(answer).map_err(|_| failed()),
            Err(rmcp::ServiceError::McpError(error)) => Err(error),
            Err(_) => Err(failed()),
        }
    }
}

fn cannot(what: &str) -> ErrorData {
    ErrorData::invalid_request(format!("the client of this call does not do {what}"), None)
}
