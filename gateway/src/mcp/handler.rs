//! What a client's messages mean: each is answered for the one who sent it, under the policies of now.

use std::sync::Arc;

use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, Implementation, InitializeRequestParams, InitializeResult, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use snapshot::{Agent, Snapshot};
use types::Timestamp;

use super::{Sender, call, list, session::Client, told::Told};
use crate::{caller::Known, gate::Gate, refusal::Refusal};

/// Answers the messages of all sessions.
#[derive(Clone)]
pub(super) struct Handler {
    gate: Arc<Gate>,
}

/// One message: who sent it, and the snapshot that answers it from start to end.
pub(super) struct Turn {
    pub(super) gate: Arc<Gate>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) sender: Sender,
    pub(super) now: Timestamp,
}

impl Handler {
    pub(super) const fn new(gate: Arc<Gate>) -> Self {
        Self { gate }
    }

    fn turn(&self, context: &RequestContext<RoleServer>) -> Result<Turn, ErrorData> {
        let parts = context.extensions.get::<Parts>();
        let sender = parts.and_then(|parts| parts.extensions.get::<Sender>()).cloned();
        let sender = sender.ok_or_else(|| ErrorData::internal_error("nobody sent this", None))?;
        let (gate, snapshot) = (Arc::clone(&self.gate), self.gate.snapshots.load());
        Ok(Turn { gate, snapshot, sender, now: Timestamp::now() })
    }
}

impl Turn {
    /// The sender, by the snapshot of now: its agent may be gone.
    pub(super) fn known(&self) -> Result<Known<'_>, Refusal> {
        let agent: Option<&Agent> = self.snapshot.agent(self.sender.caller.agent);
        let agent = agent.ok_or_else(|| {
            Refusal::new(types::Code::Unauthenticated, "the agent of this credential is gone")
        })?;
        Ok(Known { agent, caller: self.sender.caller.clone() })
    }

    /// A refusal as the answer to this message.
    pub(super) fn refused(&self, refusal: &Refusal) -> ErrorData {
        Told { request: self.sender.request, commit: &self.snapshot.commit }.data(refusal)
    }

    /// Counts the message against the sender's rate limits. Calls of tools do so themselves.
    pub(super) async fn within_limits(&self) -> Result<(), Refusal> {
        let known = self.known()?;
        let limits = self.snapshot.limits(known.agent, &known.caller);
        let passed = self.gate.limits.enter(&limits).await;
        passed.map(drop).map_err(|limited| limited.refusal())
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        let version = env!("CARGO_PKG_VERSION");
        ServerConfig::new(capabilities).with_server_info(Implementation::new("orchestack", version))
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let turn = self.turn(&context)?;
        context.peer.set_peer_info(request.clone());
        let answer = self.negotiate_initialize(&request)?;
        turn.sender.session.ears.meet(Client { peer: context.peer.clone(), said: request });
        Ok(answer)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let turn = self.turn(&context)?;
        Box::pin(call::tool(&turn, request, &context)).await.map(CallToolResponse::Complete)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let turn = self.turn(&context)?;
        let listed = async {
            turn.within_limits().await?;
            list::tools(&turn, request.and_then(|page| page.cursor).as_deref())
        };
        listed.await.map_err(|refusal| turn.refused(&refusal))
    }
}
