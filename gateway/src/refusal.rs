//! A refused or failed request, and how it is told in the words of the caller's API.

use bytes::Bytes;
use providers::{Api, Rejection};
use serde_json::{Map, Value, json};
use store::approvals::Exhausted;
use types::{Code, RequestId};

use crate::downstream::{Downstream, Left};

/// Why a request gets no answer. The message is for the caller and carries no secrets, no prompt
/// and no matched value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// The request's field at fault.
    pub(crate) param: Option<String>,
    /// The ids of the policies that decided.
    pub(crate) policies: Vec<String>,
    /// The question to people that stands in the way.
    pub(crate) approval: Option<Box<Value>>,
    /// The hard cap that is reached: what people can be asked to raise. It is not told to the caller.
    pub(crate) exhausted: Option<Box<Exhausted>>,
    /// Seconds after which trying again makes sense.
    pub(crate) retry_after: Option<u64>,
    /// Whether what was asked for may be done all the same: nobody knows.
    pub(crate) unknown: bool,
    /// Whether the connection is left in a state that forbids its reuse.
    pub(crate) close: bool,
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self { param: rejection.param, ..Self::new(Code::InvalidRequest, rejection.message) }
    }
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            message,
            param: None,
            policies: Vec::new(),
            approval: None,
            exhausted: None,
            retry_after: None,
            unknown: false,
            close: false,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { close: true, ..Self::new(Code::InvalidRequest, message) }
    }

    pub(crate) fn slow_body() -> Self {
        Self::invalid("the body came too slowly; see `gateway.body_min_rate_bytes`")
    }

    pub(crate) fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    pub(crate) fn with_policies(mut self, policies: Vec<String>) -> Self {
        self.policies = policies;
        self
    }

    /// The error object's body. `commit` is named where policies decided.
    pub(crate) fn body(&self, api: Api, request: RequestId, commit: &str) -> Bytes {
        let mut extra = Map::new();
        extra.insert("request_id".to_owned(), json!(request.to_string()));
        if let Some(approval) = &self.approval {
            extra.insert("approval".to_owned(), Value::clone(approval));
        }
        if !self.policies.is_empty() || self.code == Code::PolicyDenied {
            extra.insert("policies".to_owned(), json!(self.policies));
            extra.insert("commit".to_owned(), Value::String(commit.to_owned()));
        }
        Bytes::from(api.encode_error(self.code, &self.message, self.param.as_deref(), extra))
    }

    /// Answers with this refusal; only possible while the head of the answer is not out.
    pub(crate) async fn tell(
        &self,
        down: &mut Downstream<'_>,
        (api, request): (Api, RequestId),
        commit: &str,
        mut headers: Vec<(&'static str, String)>,
    ) -> Result<(), Left> {
        if let Some(seconds) = self.retry_after {
            headers.push(("retry-after", seconds.to_string()));
        }
        // The official SDKs retry 429 and 5xx on their own. What cannot succeed says so.
        if matches!(self.code, Code::BudgetExhausted | Code::NoRoute) {
            headers.push(("x-should-retry", "false".to_owned()));
        }
        if self.close {
            down.close_after();
        }
        down.reply(
            self.code.status(),
            "application/json",
            &headers,
            self.body(api, request, commit),
        )
        .await
    }
}
