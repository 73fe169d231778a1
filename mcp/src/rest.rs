//! A REST service whose OpenAPI document says what its tools are.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::{
    Response,
    header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use rmcp::model::{ErrorCode, ServerCapabilities};
use serde_json::{Value, json};
use tokio::time::timeout;
use tools::{Method, Operation, Request, Service};
use url::Url;

use crate::{Call, CallResult, Error, Limits, Refused, Server, Spec, http, oauth::Tokens};

/// What is told of an answer that says that something went wrong.
const WRONG_BYTES_MAX: usize = 8 << 10;

/// The header that says which requests are one and the same.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A service and where it is, checked once.
pub(crate) struct Rest {
    server: String,
    service: Service,
    base: Url,
    client: reqwest::Client,
    tokens: Arc<Tokens>,
    limits: Limits,
}

impl Rest {
    /// Reads the document.
    pub(crate) fn new(
        spec: &Spec,
        document: &str,
        base: Url,
        client: reqwest::Client,
        tokens: Arc<Tokens>,
    ) -> Result<Self, Error> {
        let server = spec.name.clone();
        let service = Service::parse(document).map_err(|error| Error::Unusable {
            server: server.clone(),
            why: format!("its OpenAPI document is none for tools: {error}"),
        })?;
        Ok(Self { server, service, base, client, tokens, limits: spec.limits })
    }

    /// What is known of the service: what the tree says.
    pub(crate) fn server(&self) -> Server {
        Server {
            protocol: "openapi".to_owned(),
            name: None,
            version: None,
            instructions: None,
            capabilities: ServerCapabilities::builder().enable_tools().build(),
        }
    }

    /// The definitions of its tools.
    pub(crate) fn tools(&self) -> Vec<Value> {
        self.service.definitions().map(tools::Definition::to_value).collect()
    }

    /// Sends the request that a call is, and reads its answer.
    pub(crate) async fn call(&self, call: Call) -> Result<CallResult, Error> {
        let operation = self.service.operation(&call.name);
        let operation = operation.ok_or_else(|| self.refused("there is no such tool"))?;
        let request = Request::of(operation, &Value::Object(call.arguments));
        let mut request = request.map_err(|error| self.refused(&error.to_string()))?;
        let own = |(name, _): &(String, String)| name.eq_ignore_ascii_case(IDEMPOTENCY_KEY);
        let reads = matches!(operation.method, Method::Get | Method::Head | Method::Options);
        if !reads && !request.headers.iter().any(own) {
            request.headers.extend(call.key.map(|key| (IDEMPOTENCY_KEY.to_owned(), key)));
        }
        let url = request.url(&self.base).map_err(|error| self.refused(&error.to_string()))?;
        let after = self.limits.timeout;
        let late = |_| Error::Timeout { server: self.server.clone(), after };
        timeout(after, self.exchange(operation, &request, url)).await.map_err(late)?
    }

    async fn exchange(
        &self,
        operation: &Operation,
        request: &Request,
        url: Url,
    ) -> Result<CallResult, Error> {
        let token = self.tokens.bearer().await;
        let answer = self.send(request, &url, token.as_deref()).await?;
        let challenge = answer.headers().get(WWW_AUTHENTICATE).and_then(|said| said.to_str().ok());
        let answer = match answer.status().as_u16() {
            401 => match self.tokens.renew(token.as_deref(), challenge.unwrap_or_default()).await {
                Some(new) => self.send(request, &url, Some(&new)).await?,
                None => return Err(Error::Unauthorized { server: self.server.clone() }),
            },
            _ => answer,
        };
        self.read(operation, answer).await
    }

    async fn send(
        &self,
        request: &Request,
        url: &Url,
        token: Option<&str>,
    ) -> Result<Response, Error> {
        let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes());
        let method = method.map_err(|_| self.refused("its method is none"))?;
        let mut sent = self.client.request(method, url.clone()).header(ACCEPT, "application/json");
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if let Some((kind, body)) = &request.body {
            sent = sent.header(CONTENT_TYPE, kind).body(body.to_string());
        }
        if let Some(token) = token {
            sent = sent.bearer_auth(token);
        }
        sent.send().await.map_err(|error| http::failed(&self.server, &error))
    }

    async fn read(&self, operation: &Operation, mut answer: Response) -> Result<CallResult, Error> {
        let status = answer.status();
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|said| said.to_str().ok());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        let bytes_max = match status.is_success() {
            true => self.limits.result_bytes_max,
            false => WRONG_BYTES_MAX,
        };
        let broken = |error| http::failed(&self.server, &error);
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(broken)? {
            body.extend_from_slice(&piece);
            if body.len() > bytes_max && status.is_success() {
                return Err(Error::TooLarge { server: self.server.clone(), bytes_max });
            }
            if body.len() > bytes_max {
                body.truncate(bytes_max);
                break;
            }
        }
        if !status.is_success() {
            let said = String::from_utf8_lossy(&body);
            let content = vec![text(format!("status {}", status.as_u16())), text(said)];
            return Ok(CallResult { content, is_error: true, ..CallResult::default() });
        }
        self.result(operation, &kind, body)
    }

    fn result(
        &self,
        operation: &Operation,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<CallResult, Error> {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let is_json = essence == "application/json" || essence.ends_with("+json");
        let (block, structured_content) = match String::from_utf8(body) {
            Ok(said) if is_json && !said.is_empty() => {
                let unreadable = |_| Error::Protocol {
                    server: self.server.clone(),
                    why: "its answer says that it is JSON and is none",
                };
                let value = serde_json::from_str(&said).map_err(unreadable)?;
                (text(said), operation.result(value))
            }
            Ok(said) => (text(said), None),
            Err(bytes) => {
                let name = &operation.definition.name;
                let uri = format!("rest:{}/{name}", self.server);
                let blob = BASE64.encode(bytes.as_bytes());
                let resource = json!({"uri": uri, "mimeType": essence, "blob": blob});
                (json!({"type": "resource", "resource": resource}), None)
            }
        };
        Ok(CallResult { content: vec![block], structured_content, ..CallResult::default() })
    }

    fn refused(&self, why: &str) -> Error {
        let refused =
            Refused { code: ErrorCode::INVALID_PARAMS.0, message: why.to_owned(), data: None };
        Error::Refused { server: self.server.clone(), refused: Box::new(refused) }
    }
}

fn text(said: impl Into<String>) -> Value {
    json!({"type": "text", "text": said.into()})
}
