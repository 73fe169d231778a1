//! What the answers to a probe's calls tell of a model, beside what is registered.

use std::fmt;

use admin::{Learnt, ModelView};
use serde::{Serialize, Serializer};
use serde_json::Value;
use types::Nanos;

use crate::output::table;

/// What came of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Yes,
    No,
    /// Why nobody knows.
    Unknown(String),
}

/// What was learnt of one model.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Called {
    pub(super) id: String,
    /// What it is registered for.
    pub(super) registered: Vec<String>,
    pub(super) answers: Found,
    pub(super) streaming: Found,
    /// Whether its provider tells the usage of a stream.
    pub(super) stream_usage: Found,
    pub(super) json_schema: Found,
    pub(super) tools: Found,
    pub(super) images: Found,
    /// What the calls that it answered cost, in nano-dollars.
    pub(super) cost_nanos: i64,
}

/// An answer of the gateway to a call of one model.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The request, as its records name it.
    pub(super) request: String,
    /// What served it.
    pub(super) model: String,
    pub(super) text: String,
}

/// The function that a model is asked to call.
pub(super) const FUNCTION: &str = "report";

impl Reply {
    pub(super) const fn is_answer(&self) -> bool {
        self.status == 200
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Why it tells nothing about what was asked; `None` where `model` answered.
    fn beside_the_point(&self, model: &str) -> Option<Found> {
        if self.is_answer() {
            let other = self.model != model;
            return other.then(|| Found::Unknown(format!("`{}` answered", self.model)));
        }
        let body = self.json();
        let code = body.pointer("/error/code").and_then(Value::as_str).unwrap_or("no_answer");
        // A provider that will not do what a model cannot says that the request is wrong.
        let is_refusal = self.status == 400 && code == "invalid_request";
        Some(if is_refusal { Found::No } else { Found::Unknown(code.to_owned()) })
    }

    /// What it tells by its first choice, where that came to its end.
    fn by_choice(&self, model: &str, tells: impl FnOnce(&Value) -> bool) -> Found {
        if let Some(found) = self.beside_the_point(model) {
            return found;
        }
        let body = self.json();
        let choice = body.pointer("/choices/0").cloned().unwrap_or_default();
        if tells(&choice) {
            return Found::Yes;
        }
        let cut = choice.get("finish_reason").and_then(Value::as_str) == Some("length");
        if cut { Found::Unknown("cut_at_its_limit".to_owned()) } else { Found::No }
    }

    /// Whether the model answered.
    pub(super) fn answers(&self, model: &str) -> Found {
        self.beside_the_point(model).unwrap_or(Found::Yes)
    }

    /// Whether it was a stream that came to its end.
    pub(super) fn streamed(&self, model: &str) -> Found {
        let whole = self.text.lines().any(|line| line.trim_end() == "data: [DONE]");
        match self.beside_the_point(model) {
            Some(found) => found,
            None if whole => Found::Yes,
            None => Found::Unknown("cut".to_owned()),
        }
    }

    /// Whether the answer is JSON of the schema that was asked for: one truth value, `ok`.
    pub(super) fn follows(&self, model: &str) -> Found {
        self.by_choice(model, |choice| {
            let text = choice.pointer("/message/content").and_then(Value::as_str);
            let answer: Value = serde_json::from_str(text.unwrap_or_default()).unwrap_or_default();
            let fields = answer.as_object();
            fields.is_some_and(|all| all.len() == 1 && all.get("ok").is_some_and(Value::is_boolean))
        })
    }

    /// Whether [`FUNCTION`] is called.
    pub(super) fn calls(&self, model: &str) -> Found {
        self.by_choice(model, |choice| {
            let name = choice.pointer("/message/tool_calls/0/function/name");
            name.and_then(Value::as_str) == Some(FUNCTION)
        })
    }
}

impl Found {
    /// Whether it can; `None` where nobody knows.
    const fn can(&self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown(_) => None,
        }
    }
}

impl Called {
    /// Of a model that gives no answer, for whatever reason.
    pub(super) fn nothing(model: &ModelView, why: Found) -> Self {
        let unknown = || Found::Unknown("not_asked".to_owned());
        Self {
            id: model.id.clone(),
            registered: model.capabilities.clone(),
            answers: why,
            streaming: unknown(),
            stream_usage: unknown(),
            json_schema: unknown(),
            tools: unknown(),
            images: unknown(),
            cost_nanos: 0,
        }
    }

    fn is_registered(&self, name: &str) -> bool {
        self.registered.iter().any(|known| known == name)
    }

    /// What is registered otherwise than it was found.
    pub(super) fn differs(&self) -> Learnt {
        let other =
            |name, found: &Found| found.can().filter(|can| *can != self.is_registered(name));
        Learnt {
            tools: other("tools", &self.tools),
            json_schema: other("json_schema", &self.json_schema),
            images: other("images", &self.images),
            streaming: other("streaming", &self.streaming),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::No => f.write_str("no"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

impl Serialize for Found {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was learnt, for people.
pub(super) fn told(called: &[Called]) -> String {
    let row = |called: &Called| {
        let beside = |name: &str, found: &Found| match (found.can(), called.is_registered(name)) {
            (Some(can), registered) if can != registered => {
                format!("{found} (registered: {})", if registered { "yes" } else { "no" })
            }
            _ => found.to_string(),
        };
        [
            called.id.clone(),
            called.answers.to_string(),
            beside("streaming", &called.streaming),
            called.stream_usage.to_string(),
            beside("json_schema", &called.json_schema),
            beside("tools", &called.tools),
            beside("images", &called.images),
        ]
    };
    let head =
        ["CALLED", "ANSWERS", "STREAMS", "USAGE OF STREAMS", "JSON SCHEMA", "TOOLS", "IMAGES"];
    let cost = called.iter().fold(0, |sum: i64, called| sum.saturating_add(called.cost_nanos));
    let cost = Nanos(cost).to_usd();
    format!("{}\nthe calls cost {cost} US dollars", table(head, called.iter().map(row).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(status: u16, body: &Value) -> Reply {
        let (model, request) = ("m".to_owned(), "req_1".to_owned());
        Reply { status, request, model, text: body.to_string() }
    }

    fn choice(message: &Value, finish: &str) -> Reply {
        let choice = json!({ "message": message, "finish_reason": finish });
        reply(200, &json!({ "choices": [choice] }))
    }

    fn unknown(why: &str) -> Found {
        Found::Unknown(why.to_owned())
    }

    #[test]
    fn a_schema_is_followed_where_the_answer_has_what_it_asks_for_and_nothing_else() {
        let says = |text: &str, finish| choice(&json!({ "content": text }), finish).follows("m");
        assert_eq!(says("{\"ok\": true}", "stop"), Found::Yes);
        assert_eq!(says("{\"ok\": true, \"more\": 1}", "stop"), Found::No);
        assert_eq!(says("{\"ok\": \"true\"}", "stop"), Found::No);
        assert_eq!(says("Sure! ```{\"ok\": true}```", "stop"), Found::No);
        // One that thinks may have come to no end.
        assert_eq!(says("{\"ok\"", "length"), unknown("cut_at_its_limit"));
    }

    #[test]
    fn a_tool_is_called_by_its_name() {
        let call = |name: &str| json!({ "tool_calls": [{ "function": { "name": name } }] });
        assert_eq!(choice(&call(FUNCTION), "tool_calls").calls("m"), Found::Yes);
        assert_eq!(choice(&call("other"), "tool_calls").calls("m"), Found::No);
        assert_eq!(choice(&json!({ "content": "report(ok)" }), "stop").calls("m"), Found::No);
    }

    #[test]
    fn only_a_refusal_of_the_request_itself_says_no() {
        let refused =
            |status, code: &str| reply(status, &json!({ "error": { "code": code } })).answers("m");
        assert_eq!(refused(400, "invalid_request"), Found::No);
        assert_eq!(refused(402, "budget_exhausted"), unknown("budget_exhausted"));
        assert_eq!(refused(403, "policy_denied"), unknown("policy_denied"));
        assert_eq!(refused(502, "upstream_failed"), unknown("upstream_failed"));
        assert_eq!(reply(500, &Value::Null).answers("m"), unknown("no_answer"));
        let other = Reply { model: "other".to_owned(), ..reply(200, &Value::Null) };
        assert_eq!(other.answers("m"), unknown("`other` answered"));
        let whole = |text: &str| Reply { text: text.to_owned(), ..reply(200, &Value::Null) };
        assert_eq!(whole("data: {}\n\ndata: [DONE]\n\n").streamed("m"), Found::Yes);
        assert_eq!(whole("data: {}\n\n").streamed("m"), unknown("cut"));
    }
}
