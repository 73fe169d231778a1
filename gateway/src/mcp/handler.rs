//! What a client's messages mean: each is answered for the one who sent it, under the policies of now.

use std::sync::Arc;

use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CancelledNotificationParam, CompleteRequestParams,
        CompleteResult, GetPromptRequestParams, GetPromptResponse, Implementation,
        InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
        ReadResourceResponse, ServerCapabilities, ServerConfig, SubscribeRequestParams,
        UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext},
};
use snapshot::{Agent, Snapshot};
use types::Timestamp;

use super::{Sender, call, list, offers::Abilities, reads, session::Client, told::Told};
use crate::{caller::Known, gate::Gate, refusal::Refusal};

/// Answers the messages of all sessions.
#[derive(Clone)]
pub(super) struct Handler {
    gate: Arc<Gate>,
    abilities: Abilities,
}

/// One message: who sent it, and the snapshot that answers it from start to end.
pub(super) struct Turn {
    pub(super) gate: Arc<Gate>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) sender: Sender,
    pub(super) now: Timestamp,
}

impl Handler {
    pub(super) fn new(gate: Arc<Gate>) -> Self {
        Self { gate, abilities: Abilities::default() }
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

    /// Answers the message within the sender's rate limits. What is asked of a server by the pipeline of calls is
    /// counted there.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, ErrorData> {
        let answered = async {
            let known = self.known()?;
            let limits = self.snapshot.limits(known.agent, &known.caller);
            let _passes = self.gate.limits.enter(&limits).await.map_err(|over| over.refusal())?;
            answer.await
        };
        answered.await.map_err(|refusal| self.refused(&refusal))
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
        let mut answer = self.negotiate_initialize(&request)?;
        let known = turn.known().map_err(|refusal| turn.refused(&refusal))?;
        answer.capabilities = self.abilities.of(&turn, &known).await;
        turn.sender.session.ears.meet(Client { peer: context.peer.clone(), said: request });
        Ok(answer)
    }

    async fn on_cancelled(
        &self,
        notification: CancelledNotificationParam,
        context: NotificationContext<RoleServer>,
    ) {
        let parts = context.extensions.get::<Parts>();
        let sender = parts.and_then(|parts| parts.extensions.get::<Sender>());
        if let (Some(sender), Some(id)) = (sender, notification.request_id) {
            sender.session.withdrawals.tell(&id);
        }
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
        let cursor = request.and_then(|page| page.cursor);
        turn.within(Box::pin(list::tools(&turn, cursor.as_deref()))).await
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let turn = self.turn(&context)?;
        Box::pin(reads::resources(&turn, &context)).await
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let turn = self.turn(&context)?;
        Box::pin(reads::templates(&turn, &context)).await
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let turn = self.turn(&context)?;
        Box::pin(reads::prompts(&turn, &context)).await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let turn = self.turn(&context)?;
        reads::resource(&turn, request, &context).await.map(ReadResourceResponse::Complete)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let turn = self.turn(&context)?;
        reads::prompt(&turn, request, &context).await.map(GetPromptResponse::Complete)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let turn = self.turn(&context)?;
        reads::completion(&turn, request, &context).await
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let turn = self.turn(&context)?;
        Box::pin(reads::subscribe(&turn, &request.uri, true, &context)).await
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let turn = self.turn(&context)?;
        Box::pin(reads::subscribe(&turn, &request.uri, false, &context)).await
    }

    #[expect(deprecated, reason = "versions up to 2025-11-25 have logs")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let turn = self.turn(&context)?;
        let level = serde_json::to_value(request.level).unwrap_or_default();
        let level = level.as_str().unwrap_or_default();
        turn.within(Box::pin(reads::set_level(&turn, level))).await
    }
}
