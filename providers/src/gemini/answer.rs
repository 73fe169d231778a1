//! Whole answers of `generateContent`.

use serde::Deserialize;
use serde_json::value::RawValue;
use types::{
    Wire,
    answer::{ChatAnswer, Choice, Finish},
    chat::{Opaque, OpaqueKind, Reasoning, ToolCall},
};

use super::usage::UsageIn;
use crate::BadAnswer;

/// An answer, whole or a piece of a streamed one: they have the same form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnswerIn<'a> {
    #[serde(borrow, default)]
    pub(super) candidates: Vec<Candidate<'a>>,
    pub(super) prompt_feedback: Option<Feedback>,
    pub(super) usage_metadata: Option<UsageIn>,
    pub(super) model_version: Option<String>,
    pub(super) response_id: Option<String>,
    /// Only in a stream: what it broke off with.
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    pub(super) index: Option<u32>,
    #[serde(borrow)]
    pub(super) content: Option<ContentIn<'a>>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ContentIn<'a> {
    #[serde(borrow, default)]
    pub(super) parts: Vec<PartIn<'a>>,
}

/// A part of any kind: an unknown kind has none of the fields that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartIn<'a> {
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) thought: bool,
    pub(super) thought_signature: Option<String>,
    #[serde(borrow)]
    pub(super) function_call: Option<CallIn<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CallIn<'a> {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
}

/// Why a prompt was not answered at all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback {
    pub(super) block_reason: Option<String>,
}

/// Reads an upstream's whole answer.
///
/// # Errors
/// [`BadAnswer`].
pub fn decode_answer(body: &[u8]) -> Result<ChatAnswer, BadAnswer> {
    let answer: AnswerIn<'_> = serde_json::from_slice(body)?;
    let id = answer.response_id.unwrap_or_default();
    let blocked = answer.prompt_feedback.is_some_and(|told| told.block_reason.is_some());
    let mut choices = Vec::with_capacity(answer.candidates.len());
    for (at, candidate) in (0..).zip(answer.candidates) {
        choices.push(choice(at, candidate, &id)?);
    }
    if choices.is_empty() && blocked {
        choices.push(Choice { finish: Finish::ContentFilter, ..Choice::default() });
    }
    if choices.is_empty() {
        return Err(BadAnswer::Missing("candidates"));
    }
    Ok(ChatAnswer {
        created: 0,
        model: answer.model_version.unwrap_or_default(),
        choices,
        usage: answer.usage_metadata.and_then(|usage| usage.total()),
        system_fingerprint: None,
        service_tier: None,
        id,
    })
}

fn choice(at: u32, candidate: Candidate<'_>, answer_id: &str) -> Result<Choice, BadAnswer> {
    let index = candidate.index.unwrap_or(at);
    let mut choice = Choice { index, ..Choice::default() };
    for part in candidate.content.map(|content| content.parts).unwrap_or_default() {
        let mut called = None;
        if let Some(call) = part.function_call {
            let place = u32::try_from(choice.tool_calls.len()).unwrap_or(u32::MAX);
            let id = call_id(call.id, answer_id, index, place);
            let name = call.name.ok_or(BadAnswer::Missing("name of a called function"))?;
            called = Some(id.clone());
            let arguments = arguments(call.args).to_owned();
            choice.tool_calls.push(ToolCall { id, name, arguments });
        } else if let Some(text) = part.text {
            if part.thought {
                choice.reasoning.push(Reasoning { text: Some(text), opaque: None });
            } else {
                choice.text.get_or_insert_default().push_str(&text);
            }
        }
        let sealed = part.thought_signature.and_then(|data| sealed(&data, called.as_deref()));
        if let Some(opaque) = sealed {
            match choice.reasoning.last_mut().filter(|item| item.opaque.is_none()) {
                Some(item) => item.opaque = Some(opaque),
                None => choice.reasoning.push(Reasoning { text: None, opaque: Some(opaque) }),
            }
        }
    }
    let has_calls = !choice.tool_calls.is_empty();
    choice.finish = finish(candidate.finish_reason.as_deref(), has_calls).map_err(|why| {
        // What the model wrote is no call and no text that anybody could use.
        BadAnswer::Failed(why)
    })?;
    Ok(choice)
}

/// What the API wants back as it is. It signs a part and not the thoughts: the id of the call that it
/// came with stands before it, so that it can go back to that part whichever API carries it.
pub(super) fn sealed(signature: &str, call: Option<&str>) -> Option<Opaque> {
    let data = match call {
        Some(id) => format!("{id}{CALL_END}{signature}"),
        None => signature.to_owned(),
    };
    let opaque = Opaque { format: Wire::Gemini, kind: OpaqueKind::Signature, data, id: None };
    (!signature.is_empty()).then_some(opaque)
}

/// Ends the id of a call before a signature. Base64 text has no such character.
pub(super) const CALL_END: char = '.';

/// The id of a call. Older models give none, and without one the caller cannot answer the call.
pub(super) fn call_id(given: Option<String>, answer_id: &str, choice: u32, call: u32) -> String {
    let given = given.filter(|id| !id.is_empty());
    given.unwrap_or_else(|| format!("call_{answer_id}_{choice}_{call}"))
}

/// A call's arguments as the text that they came as.
pub(super) fn arguments(args: Option<&RawValue>) -> &str {
    args.map_or("{}", RawValue::get)
}

/// Every documented `finishReason`. What new ones mean we do not know.
///
/// # Errors
/// The name of a reason by which the model's output is of no use.
pub(super) fn finish(reason: Option<&str>, has_calls: bool) -> Result<Finish, &'static str> {
    Ok(match reason {
        Some("MAX_TOKENS") => Finish::Length,
        Some(
            "SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION",
        ) => Finish::ContentFilter,
        Some("MALFORMED_FUNCTION_CALL") => return Err("MALFORMED_FUNCTION_CALL"),
        Some("UNEXPECTED_TOOL_CALL") => return Err("UNEXPECTED_TOOL_CALL"),
        Some("TOO_MANY_TOOL_CALLS") => return Err("TOO_MANY_TOOL_CALLS"),
        Some("MISSING_THOUGHT_SIGNATURE") => return Err("MISSING_THOUGHT_SIGNATURE"),
        Some("MALFORMED_RESPONSE") => return Err("MALFORMED_RESPONSE"),
        _ if has_calls => Finish::ToolCalls,
        Some("STOP") => Finish::Stop,
        _ => Finish::Unknown,
    })
}
