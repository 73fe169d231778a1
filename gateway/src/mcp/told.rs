//! How a refusal is told to an MCP client: as an error of JSON-RPC, with our code and the request's id in its
//! data.

use bytes::Bytes;
use rmcp::{ErrorData, model::ErrorCode};
use serde_json::{Map, Value, json};
use types::{Code, RequestId};

use crate::{
    downstream::{Downstream, Left},
    refusal::Refusal,
};

/// JSON-RPC's code for what this gateway refuses, whatever the reason; the reason is in the data.
const REFUSED: i32 = -32_010;

/// What an error tells beside itself.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) request: RequestId,
    /// The commit whose policies decided.
    pub(super) commit: &'a str,
}

impl Told<'_> {
    /// A refusal as the answer to one message.
    pub(super) fn data(&self, refusal: &Refusal) -> ErrorData {
        let code = match refusal.code {
            Code::InvalidRequest => ErrorCode::INVALID_PARAMS,
            Code::SessionNotFound => ErrorCode::INVALID_REQUEST,
            _ => ErrorCode(REFUSED),
        };
        let mut data = Map::new();
        data.insert("code".to_owned(), json!(refusal.code.as_str()));
        data.insert("request_id".to_owned(), json!(self.request.to_string()));
        if !refusal.policies.is_empty() || refusal.code == Code::PolicyDenied {
            data.insert("policies".to_owned(), json!(refusal.policies));
            data.insert("commit".to_owned(), json!(self.commit));
        }
        if let Some(approval) = &refusal.approval {
            data.insert("approval".to_owned(), Value::clone(approval));
        }
        if refusal.unknown {
            data.insert(mcp::OUTCOME.to_owned(), json!(mcp::UNKNOWN));
        }
        if let Some(seconds) = refusal.retry_after {
            data.insert("retry_after".to_owned(), json!(seconds));
        }
        ErrorData::new(code, refusal.message.clone(), Some(Value::Object(data)))
    }

    /// The body of an error that is no message's answer.
    pub(super) fn error(&self, code: Code, message: &str) -> Bytes {
        self.body(&Refusal::new(code, message))
    }

    /// Answers a whole request with a refusal.
    pub(super) async fn refuse(
        &self,
        down: &mut Downstream<'_>,
        refusal: &Refusal,
    ) -> Result<(), Left> {
        if down.gone() || down.started() {
            return Err(Left);
        }
        let mut headers = vec![("x-orchestack-request-id", self.request.to_string())];
        if let Some(seconds) = refusal.retry_after {
            headers.push(("retry-after", seconds.to_string()));
        }
        if refusal.code == Code::Unauthenticated {
            headers.push(("www-authenticate", "Bearer".to_owned()));
        }
        if refusal.close {
            down.close_after();
        }
        let (status, body) = (refusal.code.status(), self.body(refusal));
        down.reply(status, "application/json", &headers, body).await
    }

    fn body(&self, refusal: &Refusal) -> Bytes {
        let error = self.data(refusal);
        Bytes::from(json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string())
    }
}
