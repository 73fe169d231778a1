//! A run's tools: the gateway's, over MCP, under the run's grant.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mcp::{Asks, Call, Connection, Credential, Limits, Spec, Transport};
use serde_json::{Map, Value, json};
use snapshot::{Agent, Snapshot, Tool};
use tokio_util::sync::CancellationToken;
use types::{Replay, SEPARATOR, Secret, work::EffectClass};

use crate::escaped;

/// The tools of one run.
pub(crate) struct Toolbox {
    connection: Connection,
    /// Told where the run is stopped. A call that is dropped without goes on, and another worker finds it.
    withdrawal: CancellationToken,
    /// The tools that the agent is offered, in the shape of chat completions, by the name that models use.
    offered: BTreeMap<String, Value>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Called {
    /// The tool answered, with what a model reads of it.
    Answered(Answered),
    /// The gateway did not let it through: nothing was called.
    Refused {
        /// The gateway's code.
        code: String,
        /// What a model reads.
        text: String,
        /// What people read.
        message: String,
        /// The question to people that waits.
        approval: Option<String>,
    },
    /// It was called, and the gateway does not know what came of it.
    Unknown {
        /// What a model reads.
        text: String,
        /// Why.
        why: String,
    },
    /// Nobody knows whether it was called.
    Lost {
        /// Why.
        why: String,
    },
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The text of its content.
    pub(crate) text: String,
    /// Whether it says that it failed.
    pub(crate) failed: bool,
}

/// The most bytes of a result that a model is told.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// The same as JSON, which is what the journal has of it: control characters are six bytes there.
const TEXT_JSON_BYTES_MAX: usize = 768 * 1024;
/// The most tools that a model is offered.
const TOOLS_MAX: usize = 128;
/// How long a call may take without a word of progress. The gateway ends it before, by the tool's own limit.
const TIMEOUT: Duration = Duration::from_secs(3_600);

impl Toolbox {
    /// Opens the tools that policy lists for the agent and its definition offers it.
    ///
    /// # Errors
    /// Why the gateway's tools cannot be reached.
    pub(crate) async fn open(
        gateway: &str,
        grant: Secret,
        (snapshot, agent): (&Snapshot, &Agent),
        withdrawal: CancellationToken,
    ) -> Result<Self, mcp::Error> {
        let spec = Spec {
            name: "gateway".to_owned(),
            transport: Transport::Http {
                url: format!("{gateway}/mcp"),
                private: true,
                credential: Some(Credential::Bearer(grant)),
            },
            asks: Asks::default(),
            limits: Limits { timeout: TIMEOUT, resumes: false, ..Limits::default() },
        };
        let connection = mcp::connect(&spec, Arc::new(())).await?;
        let definitions = connection.tools().await?;
        let offered = definitions.iter().filter_map(|one| offer(one, (snapshot, agent)));
        Ok(Self { offered: offered.take(TOOLS_MAX).collect(), connection, withdrawal })
    }

    /// The definitions of those that are wanted by their names, for a model.
    pub(crate) fn definitions(&self, wanted: impl Fn(&str) -> bool) -> Vec<Value> {
        let wanted = self.offered.iter().filter(|(name, _)| wanted(name));
        wanted.map(|(_, definition)| definition.clone()).collect()
    }

    /// Whether the run was offered a tool.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.offered.contains_key(name)
    }

    /// Calls a tool by the name that models use. With the same key it is the same call.
    pub(crate) async fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        key: String,
    ) -> Called {
        let withdrawal = Some(self.withdrawal.clone());
        let call = Call { key: Some(key), withdrawal, ..Call::new(name, arguments, Arc::new(())) };
        match self.connection.call(call).await {
            Ok(result) => told(&result.into_value()),
            Err(mcp::Error::Refused { refused, .. }) => Called::Refused {
                code: "invalid_request".to_owned(),
                text: refused.message.clone(),
                message: refused.message.clone(),
                approval: None,
            },
            Err(error) => Called::Lost { why: error.to_string() },
        }
    }

    /// Ends the session with the gateway.
    pub(crate) async fn close(&self) {
        self.connection.close().await;
    }
}

/// A definition in the shape of chat completions, if the agent is offered it.
fn offer(definition: &Value, (snapshot, agent): (&Snapshot, &Agent)) -> Option<(String, Value)> {
    let name = definition.get("name")?.as_str()?;
    if !agent.work.offers(&id_of(snapshot, name)) {
        return None;
    }
    let function = json!({
        "name": name,
        "description": definition.get("description").cloned().unwrap_or_default(),
        "parameters": definition.get("inputSchema").cloned().unwrap_or_else(|| json!({})),
    });
    Some((name.to_owned(), json!({ "type": "function", "function": function })))
}

/// A tool's id as people and policies write it, by the name that models use.
pub(crate) fn id_of(snapshot: &Snapshot, name: &str) -> String {
    let known = snapshot.tools.by_model_name(name).or_else(|| snapshot.tools.function(name));
    known.map_or_else(|| name.replacen(SEPARATOR, ".", 1), Tool::id)
}

/// What to do about a call after a crash. A result that can be looked up in a tool of its own is not known here,
/// so that only what its receiver tells apart by itself is called again.
pub(crate) fn class_of(snapshot: &Snapshot, name: &str) -> EffectClass {
    match snapshot.tools.by_model_name(name).map(|tool| tool.replay) {
        Some(Replay::Pure) => EffectClass::Pure,
        Some(Replay::Idempotent) => EffectClass::Idempotent,
        Some(Replay::Readback | Replay::Once) | None => EffectClass::Once,
    }
}

/// What the gateway said of a call.
fn told(result: &Value) -> Called {
    let text = text_of(result);
    let refusal = result.get("_meta").and_then(|meta| meta.get(mcp::REFUSAL_META));
    if let Some(refusal) = refusal {
        let code = refusal.get("code").and_then(Value::as_str).unwrap_or("policy_denied");
        let approval = refusal.get("approval").and_then(|approval| approval.get("id"));
        let message = refusal.get("message").and_then(Value::as_str).unwrap_or(&text);
        if refusal.get(mcp::OUTCOME).is_some_and(|outcome| outcome == mcp::UNKNOWN) {
            return Called::Unknown { why: message.to_owned(), text };
        }
        return Called::Refused {
            code: code.to_owned(),
            message: message.to_owned(),
            text,
            approval: approval.and_then(Value::as_str).map(str::to_owned),
        };
    }
    let failed = result.get("isError").and_then(Value::as_bool).unwrap_or_default();
    Called::Answered(Answered { text, failed })
}

/// The content of a result as text.
fn text_of(result: &Value) -> String {
    let mut text = String::new();
    let blocks = result.get("content").and_then(Value::as_array);
    for block in blocks.into_iter().flatten() {
        if !text.is_empty() {
            text.push('\n');
        }
        match block.get("text").and_then(Value::as_str) {
            Some(words) => text.push_str(words),
            None => {
                let kind = block.get("type").and_then(Value::as_str).unwrap_or("content");
                text.push_str(&format!("[{kind} that is not text]"));
            }
        }
    }
    if let (true, Some(value)) = (text.is_empty(), result.get("structuredContent")) {
        text = value.to_string();
    }
    cut(text)
}

/// The text, or its beginning with a word on the rest.
fn cut(mut text: String) -> String {
    let whole = text.len();
    let end = escaped::beginning(&text, TEXT_BYTES_MAX, TEXT_JSON_BYTES_MAX).len();
    if whole > end {
        text.truncate(end);
        text.push_str(&format!("\n[cut: {whole} bytes in all]"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_told_as_text_and_a_refusal_as_one() {
        let result = json!({ "content": [{ "type": "text", "text": "one" },
            { "type": "image", "data": "aGk=", "mimeType": "image/png" }] });
        let answered = Answered { text: "one\n[image that is not text]".to_owned(), failed: false };
        assert_eq!(told(&result), Called::Answered(answered));
        let result = json!({ "content": [{ "type": "text", "text": "ask first" }], "isError": true,
            "_meta": { "orchestack/refusal": { "code": "approval_required", "message": "ask",
                "approval": { "id": "apr_1" } } } });
        let refused = Called::Refused {
            code: "approval_required".to_owned(),
            text: "ask first".to_owned(),
            message: "ask".to_owned(),
            approval: Some("apr_1".to_owned()),
        };
        assert_eq!(told(&result), refused);
        let result = json!({ "content": [{ "type": "text", "text": "find out" }], "isError": true,
            "_meta": { "orchestack/refusal": { "code": "upstream_timeout", "message": "too late",
                "outcome": "unknown" } } });
        let unknown = Called::Unknown { text: "find out".to_owned(), why: "too late".to_owned() };
        assert_eq!(told(&result), unknown);
    }

    #[test]
    fn a_long_result_is_cut_between_characters() {
        let text = "ä".repeat(TEXT_BYTES_MAX);
        let told = cut(text);
        assert!(told.ends_with("bytes in all]") && told.len() < TEXT_BYTES_MAX + 64);
        let told = json!(cut("\u{1}".repeat(TEXT_BYTES_MAX))).to_string();
        assert!(told.ends_with("bytes in all]\"") && told.len() < TEXT_JSON_BYTES_MAX + 64);
    }
}
