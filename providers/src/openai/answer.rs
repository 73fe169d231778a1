//! Whole answers in OpenAI's form (`CreateChatCompletionResponse`).

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use types::{
    answer::{ChatAnswer, Choice, Finish},
    chat::{Reasoning, ToolCall},
};

use super::{
    encode::CallOut,
    said::Said,
    usage::{self, UsageOut},
};
use crate::{BadAnswer, wire};

#[derive(Deserialize)]
struct AnswerIn<'a> {
    id: Option<Value>,
    created: Option<Value>,
    model: Option<String>,
    choices: Option<Vec<ChoiceIn>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    system_fingerprint: Option<String>,
    service_tier: Option<String>,
}

#[derive(Deserialize)]
struct ChoiceIn {
    index: Option<u32>,
    message: MessageIn,
    finish_reason: Option<String>,
    logprobs: Option<Value>,
}

#[derive(Deserialize)]
struct MessageIn {
    #[serde(default)]
    content: Said,
    refusal: Option<String>,
    /// DeepSeek, vLLM and llama.cpp.
    reasoning_content: Option<Value>,
    /// Ollama, OpenRouter and newer vLLM.
    reasoning: Option<Value>,
    tool_calls: Option<Vec<CallIn>>,
    annotations: Option<Value>,
}

#[derive(Deserialize)]
struct CallIn {
    id: Option<String>,
    function: FunctionIn,
}

#[derive(Deserialize)]
struct FunctionIn {
    name: String,
    arguments: Option<Value>,
}

/// Reads an upstream's whole answer.
///
/// # Errors
/// [`BadAnswer`].
pub fn decode_answer(body: &[u8]) -> Result<ChatAnswer, BadAnswer> {
    let answer: AnswerIn<'_> = serde_json::from_slice(body)?;
    let choices = answer.choices.ok_or(BadAnswer::Missing("choices"))?;
    if choices.is_empty() {
        return Err(BadAnswer::Missing("choices"));
    }
    let id = answer.id.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let failed = |choice: &ChoiceIn| choice.finish_reason.as_deref() == Some(FAILED);
    if choices.iter().any(failed) {
        return Err(BadAnswer::Failed("its reason to finish is an error"));
    }
    let choices = (0..).zip(choices).map(|(at, choice)| read_choice(at, choice, &id)).collect();
    Ok(ChatAnswer {
        created: answer.created.as_ref().and_then(Value::as_i64).unwrap_or(0),
        model: answer.model.unwrap_or_default(),
        choices,
        usage: answer.usage.and_then(usage::decode),
        system_fingerprint: answer.system_fingerprint,
        service_tier: answer.service_tier,
        id,
    })
}

fn read_choice(at: u32, choice: ChoiceIn, answer_id: &str) -> Choice {
    let index = choice.index.unwrap_or(at);
    let message = choice.message;
    let reasoning = message.reasoning_content.or(message.reasoning);
    let reasoning = reasoning.as_ref().and_then(Value::as_str).map(str::to_owned);
    let reasoning = reasoning.or(message.content.thoughts);
    let calls = message.tool_calls.unwrap_or_default();
    Choice {
        index,
        text: message.content.text,
        refusal: message.refusal,
        reasoning: reasoning.as_deref().map(thought).into_iter().collect(),
        tool_calls: (0..)
            .zip(calls)
            .map(|(i, call)| tool_call(call, answer_id, index, i))
            .collect(),
        finish: choice.finish_reason.as_deref().map_or(Finish::Unknown, finish),
        stop_sequence: None,
        logprobs: choice.logprobs.map(whole_logprobs),
        // OpenAI sends an empty list where there is none.
        annotations: message
            .annotations
            .filter(|all| all.as_array().is_none_or(|all| !all.is_empty())),
    }
}

fn thought(text: &str) -> Reasoning {
    Reasoning { text: Some(text.to_owned()), opaque: None }
}

fn tool_call(call: CallIn, answer_id: &str, choice: u32, index: u32) -> ToolCall {
    let id = call.id.filter(|id| !id.is_empty());
    ToolCall {
        id: id.unwrap_or_else(|| made_up_id(answer_id, choice, index)),
        name: call.function.name,
        arguments: match call.function.arguments {
            None | Some(Value::Null) => "{}".to_owned(),
            Some(Value::String(text)) => text,
            // Some servers send the arguments' object itself.
            Some(other) => other.to_string(),
        },
    }
}

/// An id for a call of a server that gives none: without one the caller cannot answer the call.
pub(super) fn made_up_id(answer_id: &str, choice: u32, index: u32) -> String {
    format!("call_{answer_id}_{choice}_{index}")
}

/// The reason of an answer that broke off (Mistral, OpenRouter).
pub(super) const FAILED: &str = "error";

/// OpenAI's reasons, and Mistral's for the end of the context.
pub(super) fn finish(reason: &str) -> Finish {
    match reason {
        "length" | "model_length" => Finish::Length,
        "tool_calls" => Finish::ToolCalls,
        "content_filter" => Finish::ContentFilter,
        "stop" | "function_call" => Finish::Stop,
        _ => Finish::Unknown,
    }
}

/// A turn that was paused has ended as far as this dialect goes.
pub(super) const fn finish_str(reason: Finish) -> &'static str {
    match reason {
        Finish::Stop | Finish::Pause | Finish::Unknown => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter | Finish::Refusal => "content_filter",
    }
}

/// The schema wants both lists; servers often send one.
pub(super) fn whole_logprobs(mut logprobs: Value) -> Value {
    if let Value::Object(fields) = &mut logprobs {
        for name in ["content", "refusal"] {
            fields.entry(name).or_insert(Value::Null);
        }
    }
    logprobs
}

#[derive(Serialize)]
struct AnswerOut<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChoiceOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
}

#[derive(Serialize)]
struct ChoiceOut<'a> {
    index: u32,
    message: MessageOut<'a>,
    logprobs: Option<&'a Value>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct MessageOut<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallOut<'a>>,
}

/// The body of a whole answer. Reasoning text goes as `reasoning_content`, the name most servers
/// and clients of this dialect use; OpenAI itself has none. What only a provider can read of its
/// reasoning has no place in it.
pub fn encode_answer(answer: &ChatAnswer) -> Vec<u8> {
    let choices = answer.choices.iter().map(|choice| ChoiceOut {
        index: choice.index,
        message: MessageOut {
            role: "assistant",
            content: choice.text.as_deref(),
            refusal: choice.refusal.as_deref(),
            reasoning_content: choice.reasoning_text(),
            annotations: choice.annotations.as_ref(),
            tool_calls: choice.tool_calls.iter().map(CallOut::from).collect(),
        },
        logprobs: choice.logprobs.as_ref(),
        finish_reason: finish_str(choice.finish),
    });
    let answer = AnswerOut {
        id: &answer.id,
        object: "chat.completion",
        created: answer.created,
        model: &answer.model,
        choices: choices.collect(),
        usage: answer.usage.as_ref().map(UsageOut::from),
        service_tier: answer.service_tier.as_deref(),
        system_fingerprint: answer.system_fingerprint.as_deref(),
    };
    let mut out = Vec::with_capacity(1024);
    wire::write_json(&mut out, &answer);
    out
}
