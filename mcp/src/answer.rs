//! The result of one call.

use std::fmt;

use serde_json::{Map, Value};

/// The field of a result's `_meta` in which the gateway says why it did not give one: its code, and what goes with it.
pub const REFUSAL_META: &str = "orchestack/refusal";
/// The field of that which says what became of the call, where it may have been done all the same.
pub const OUTCOME: &str = "outcome";
/// What it says then.
pub const UNKNOWN: &str = "unknown";

/// The result of one call, with everything that the server put into it.
#[derive(Clone, Default, PartialEq)]
pub struct CallResult {
    /// Blocks of content in the protocol's own form, of kinds that we do not know too.
    pub content: Vec<Value>,
    /// The result as a value, where the tool has an output schema.
    pub structured_content: Option<Value>,
    /// Whether the tool says that it failed.
    pub is_error: bool,
    /// Everything else of the result: `_meta` and what later versions add.
    pub rest: Map<String, Value>,
}

impl CallResult {
    /// Reads a result. It is one if it is an object, its content is a list, and it has content or a
    /// value.
    pub(crate) fn read(result: Value) -> Option<Self> {
        let Value::Object(mut rest) = result else { return None };
        let content = match rest.remove("content") {
            Some(Value::Array(content)) => content,
            None => Vec::new(),
            Some(_) => return None,
        };
        let structured_content = rest.remove("structuredContent");
        let is_error = match rest.remove("isError") {
            Some(Value::Bool(is_error)) => is_error,
            None | Some(Value::Null) => false,
            Some(_) => return None,
        };
        // Versions from 2026-07-28 say so of each result.
        if rest.get("resultType").is_some_and(|kind| kind == "complete") {
            rest.remove("resultType");
        }
        Some(Self { content, structured_content, is_error, rest })
    }

    /// The result in the protocol's own form.
    pub fn into_value(self) -> Value {
        let mut result = self.rest;
        result.insert("content".to_owned(), Value::Array(self.content));
        if let Some(value) = self.structured_content {
            result.insert("structuredContent".to_owned(), value);
        }
        if self.is_error {
            result.insert("isError".to_owned(), Value::Bool(true));
        }
        Value::Object(result)
    }
}

impl fmt::Debug for CallResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallResult").field("is_error", &self.is_error).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_round_trip(result: Value) {
        assert_eq!(CallResult::read(result.clone()).map(CallResult::into_value), Some(result));
    }

    #[test]
    fn nothing_of_a_result_is_lost() {
        check_round_trip(json!({"content": [{"type": "text", "text": "a"}]}));
        check_round_trip(json!({
            "content": [
                {"type": "audio", "data": "AA==", "mimeType": "audio/wav", "annotations": {"priority": 0.5}},
                {"type": "resource_link", "uri": "file:///a", "name": "a"},
                {"type": "hologram", "of": [1, 2]},
            ],
            "structuredContent": {"a": null},
            "isError": true,
            "_meta": {"x": 1},
            "later": "y",
        }));
        check_round_trip(json!({"content": [], "structuredContent": null}));
    }

    #[test]
    fn what_is_no_result_is_not_read_as_one() {
        for wrong in
            [json!([]), json!({"content": "text"}), json!({"content": [], "isError": "no"})]
        {
            assert_eq!(CallResult::read(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn a_result_does_not_print() {
        let result = CallResult::read(json!({"content": [{"type": "text", "text": "hunter2"}]}));
        assert!(!format!("{result:?}").contains("hunter2"));
    }
}
