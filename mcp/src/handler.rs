//! The questions of a server: they go to the caller of the request that they are about, or are
//! refused.
#![expect(
    deprecated,
    reason = "servers of the versions that we speak still ask for samples and roots"
)]

use std::sync::Arc;

use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, CreateMessageRequestParams, CreateMessageResult,
        ElicitRequestParams, ElicitResult, ElicitationCapability, ErrorCode, Extensions,
        FormElicitationCapability, Implementation, InputRequest, ListRootsResult, ProtocolVersion,
        RootsCapabilities, SamplingCapability, UrlElicitationCapability,
    },
    service::RequestContext,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    Asks,
    watch::{Asker, Tag},
};

/// Answers one server.
pub(crate) struct Handler {
    pub(crate) asks: Asks,
}

impl ClientHandler for Handler {
    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        let asker = asker(&context.extensions)?;
        until_cancelled(&context, create_message(self.asks, &asker, params)).await
    }

    async fn create_elicitation(
        &self,
        params: ElicitRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let asker = asker(&context.extensions)?;
        until_cancelled(&context, elicit(self.asks, &asker, params)).await
    }

    async fn list_roots(
        &self,
        context: RequestContext<RoleClient>,
    ) -> Result<ListRootsResult, ErrorData> {
        let asker = asker(&context.extensions)?;
        until_cancelled(&context, roots(self.asks, &asker)).await
    }

    fn get_info(&self) -> ClientConfig {
        let us = Implementation::new("orchestack", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(capabilities(self.asks), us)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }
}

/// Answers what a server of a later version wants to know before it gives a result.
pub(crate) async fn answer(
    asks: Asks,
    asker: &Asker,
    question: InputRequest,
) -> Result<Value, ErrorData> {
    match question {
        InputRequest::CreateMessage(request) => create_message(asks, asker, request.params).await,
        InputRequest::Elicitation(request) => elicit(asks, asker, request.params).await,
        InputRequest::ListRoots(_) => roots(asks, asker).await,
        _ => Err(ErrorData::invalid_request("nobody can be asked that", None)),
    }
}

async fn create_message(
    asks: Asks,
    asker: &Asker,
    params: CreateMessageRequestParams,
) -> Result<Value, ErrorData> {
    if !asks.sampling {
        return Err(not_declared());
    }
    let params = value(params)?;
    asker.ask(asker.caller.create_message(params)).await
}

async fn elicit(
    asks: Asks,
    asker: &Asker,
    params: ElicitRequestParams,
) -> Result<Value, ErrorData> {
    if !asks.elicitation {
        return Err(not_declared());
    }
    let params = value(params)?;
    asker.ask(asker.caller.elicit(params)).await
}

async fn roots(asks: Asks, asker: &Asker) -> Result<Value, ErrorData> {
    if !asks.roots {
        // Who asks all the same learns of none.
        return Ok(json!({ "roots": [] }));
    }
    asker.ask(asker.caller.roots()).await
}

fn not_declared() -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "we did not say that this can be asked", None)
}

fn value(params: impl Serialize) -> Result<Value, ErrorData> {
    serde_json::to_value(params)
        .map_err(|_| ErrorData::internal_error("the question cannot be read", None))
}

/// The request that a question is about.
fn asker(extensions: &Extensions) -> Result<Arc<Asker>, ErrorData> {
    let tag = extensions.get::<Tag>();
    tag.and_then(|tag| tag.0.upgrade()).ok_or_else(|| {
        ErrorData::invalid_request("it cannot be told which request this is asked for", None)
    })
}

/// The caller's answer, unless the server withdraws its question.
async fn until_cancelled<T: DeserializeOwned>(
    context: &RequestContext<RoleClient>,
    answer: impl Future<Output = Result<Value, ErrorData>>,
) -> Result<T, ErrorData> {
    let answer = tokio::select! {
        answer = answer => answer?,
        () = context.ct.cancelled() => {
            return Err(ErrorData::invalid_request("the question was withdrawn", None));
        }
    };
    serde_json::from_value(answer)
        .map_err(|_| ErrorData::internal_error("the caller's answer is none", None))
}

fn capabilities(asks: Asks) -> ClientCapabilities {
    let mut capabilities = ClientCapabilities::default();
    capabilities.sampling = asks.sampling.then(SamplingCapability::default);
    capabilities.roots = asks.roots.then(RootsCapabilities::default);
    capabilities.elicitation = asks.elicitation.then(|| {
        let forms = ElicitationCapability::new().with_form(FormElicitationCapability::new());
        forms.with_url(UrlElicitationCapability::new())
    });
    capabilities
}
