//! What travels over the socket, one JSON object a frame. docs/webchat.md says what each means.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::work::Event;
use types::Payload;

use super::error::Told;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Said {
    /// The first frame: whose conversation it is, and which event was the last one seen.
    Hello {
        /// The conversation's token, of whoever has no cookie.
        #[serde(default)]
        token: Option<String>,
        /// Who is signed in, sealed, of whoever has no cookie.
        #[serde(default)]
        person: Option<String>,
        /// The agent's name.
        #[serde(default)]
        agent: Option<String>,
        /// The number of the last event that was seen.
        #[serde(default)]
        after: i64,
    },
    /// A message.
    Message(NewMessage),
    /// An answer to a question.
    Decide(Decision),
}

/// A message as a client sends it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// The client's own id, the same at every try.
    pub(super) id: String,
    /// What is said.
    #[serde(default)]
    pub(super) text: String,
    /// Tickets of what was uploaded.
    #[serde(default)]
    pub(super) attachments: Vec<String>,
}

/// An answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    /// The question.
    pub(super) approval: String,
    /// Yes or no.
    pub(super) decision: Answer,
    /// Why; may be empty.
    #[serde(default)]
    pub(super) reason: String,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// Yes.
    Approve,
    /// No.
    Deny,
}

/// What the server says.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Tell {
    /// The answer to `hello`.
    Ready {
        /// The agent's name.
        agent: String,
        /// Who is signed in.
        person: Option<String>,
        /// The number of the last event there is now; those behind `after` follow.
        last: i64,
    },
    /// A message is kept for good.
    Ack {
        /// The client's id of it.
        id: String,
        /// Its number among the messages.
        seq: i64,
        /// Its number among the events.
        no: i64,
        /// Whether it was kept by this try.
        fresh: bool,
    },
    /// A numbered event.
    Event(Value),
    /// Where a question stands that an event showed.
    Approval {
        /// The question.
        approval: String,
        /// Such as `pending`.
        status: String,
        /// Until when it can be answered.
        expires_at: String,
    },
    /// What a decision came to.
    Decided {
        /// The question.
        approval: String,
        /// Where it stands now.
        status: String,
    },
    /// Something was not done.
    Error {
        /// The message or the question that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        about: Option<String>,
        /// Why.
        #[serde(flatten)]
        told: Told,
    },
    /// The connection is alive.
    Ping,
}

impl Tell {
    /// A numbered event as clients get it. `large` is what it says where that is an object.
    pub(super) fn event(event: &Event, large: Option<Value>) -> Self {
        Self::Event(json!({
            "no": event.no,
            "kind": event.kind.as_str(),
            "task": event.task,
            "at": event.at.to_string(),
            "body": large.unwrap_or_else(|| body(&event.body)),
        }))
    }

    /// The frame's text.
    pub(super) fn text(&self) -> String {
        // Maps with text keys and numbers always become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What an event says. One that is too large to travel is named only.
fn body(payload: &Payload) -> Value {
    match payload {
        Payload::Inline { inline, .. } => inline.clone(),
        Payload::Object { content_type, size_bytes, .. } => {
            json!({ "too_large": { "content_type": content_type, "size_bytes": size_bytes } })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, said: Option<Said>) {
        assert_eq!(serde_json::from_str::<Said>(text).ok(), said, "{text}");
    }

    #[test]
    fn frames_are_read_strictly() {
        let hello = Said::Hello { token: None, person: None, agent: None, after: 7 };
        check(r#"{"type":"hello","after":7}"#, Some(hello));
        let message = NewMessage { id: "m1".into(), text: "hi".into(), attachments: vec![] };
        check(r#"{"type":"message","id":"m1","text":"hi"}"#, Some(Said::Message(message)));
        check(r#"{"type":"message","text":"no id"}"#, None);
        check(r#"{"type":"message","id":"m1","txt":"hi"}"#, None);
        check(r#"{"type":"decide","approval":"apr_1","decision":"maybe"}"#, None);
        check(r#"{"type":"shout"}"#, None);
        check("[]", None);
    }
}
