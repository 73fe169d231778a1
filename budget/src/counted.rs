//! How many tokens a call had, counted in the vocabulary of its model: for calls whose provider tells no
//! usage.
//!
//! INVARIANT: a count is never below what the provider bills for the same text. Where it is known how a
//! provider frames what it is sent, the count is exact; anything else has the allowances of
//! [`crate::input_bound`] around its text.

use types::{
    Tokenizer,
    chat::{ChatRequest, Format, Message, Part, Role},
    embed::{EmbedRequest, Inputs},
};

use crate::{
    input::{PartTokens, bound_by, embed_bound},
    measure::Measure,
};

/// Tokens that were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How many there are, at most.
    pub tokens: u64,
    /// Whether there are as many, to the token.
    pub exact: bool,
}

/// A piece of what a model said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// All text of a choice.
    Text(&'a str),
    /// A call of a function: its name and its arguments.
    Call(&'a str, &'a str),
}

// What frames a conversation at OpenAI: "How to count tokens with tiktoken" of the OpenAI Cookbook, which
// compares its counts with the API's, for models since June 2023.
/// Of each message.
const MESSAGE_TOKENS: u64 = 3;
/// Of the name of whoever speaks.
const NAME_TOKENS: u64 = 1;
/// The beginning of the answer, which is part of the input.
const REPLY_TOKENS: u64 = 3;

/// The end of a choice. OpenAI's API reference has an answer of nine tokens of text that is billed with ten;
/// others are billed without, and then the count is one above the bill.
const END_TOKENS: u64 = 1;
/// What a provider may add around a call, beyond its text.
const CALL_TOKENS: u64 = 16;

/// Parameters that tell the model nothing.
const SILENT: [&str; 13] = [
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "metadata",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "top_logprobs",
    "user",
];

/// How many tokens the input of a request has: exactly where it is a conversation in words, and at most
/// where it has tools, a form of the answer, images or documents.
pub fn counted_input(request: &ChatRequest, tokenizer: Tokenizer) -> Counted {
    let measure = Measure::Tokens(tokenizer);
    if is_plain(request) {
        let messages = request.messages.iter().map(|message| framed(message, measure));
        let tokens = messages.fold(REPLY_TOKENS, u64::saturating_add);
        return Counted { tokens, exact: true };
    }
    Counted { tokens: bound_by(request, PartTokens::MAX, measure), exact: false }
}

/// How many tokens the inputs of a request for embeddings have: nothing frames them at OpenAI.
pub fn counted_embed(request: &EmbedRequest, tokenizer: Tokenizer) -> Counted {
    match &request.inputs {
        Inputs::Texts(texts) => {
            let tokens = texts.iter().map(|text| Measure::Tokens(tokenizer).text(text));
            Counted { tokens: tokens.fold(0, u64::saturating_add), exact: true }
        }
        // Whose tokens they are is the caller's to know.
        Inputs::Tokens(_) => Counted { tokens: embed_bound(request), exact: false },
    }
}

/// How many tokens an answer of so many choices has, where all of it came: exactly where it is text.
pub fn counted_output<'a>(
    said: impl IntoIterator<Item = Said<'a>>,
    choices: u64,
    tokenizer: Tokenizer,
) -> Counted {
    let text = |text| Measure::Tokens(tokenizer).text(text);
    let ends = Counted { tokens: choices.saturating_mul(END_TOKENS), exact: true };
    said.into_iter().fold(ends, |Counted { tokens, exact }, said| match said {
        Said::Text(all) => Counted { tokens: tokens.saturating_add(text(all)), exact },
        Said::Call(name, arguments) => {
            let call = text(name).saturating_add(text(arguments)).saturating_add(CALL_TOKENS);
            Counted { tokens: tokens.saturating_add(call), exact: false }
        }
    })
}

fn framed(message: &Message, measure: Measure) -> u64 {
    let name = message.name.as_deref();
    let name = name.map_or(0, |name| NAME_TOKENS.saturating_add(measure.text(name)));
    let texts = message.content.iter().map(|part| match part {
        Part::Text(text) => measure.text(text),
        Part::Image(_) | Part::File(_) => 0,
    });
    let role = measure.text(message.role.as_str());
    texts.fold(MESSAGE_TOKENS.saturating_add(role).saturating_add(name), u64::saturating_add)
}

/// Whether a request is messages of one text each and says nothing else to the model.
fn is_plain(request: &ChatRequest) -> bool {
    let silent = |name: &String| SILENT.contains(&name.as_str());
    request.messages.iter().all(is_text)
        && !request.prefill
        && request.tools.is_empty()
        && matches!(request.format, None | Some(Format::Text))
        && request.extra.keys().all(silent)
        && request.native.fields.is_empty()
}

fn is_text(message: &Message) -> bool {
    let Message {
        role,
        name: _,
        reasoning,
        content,
        tool_calls,
        tool_call_id,
        tool_failed: _,
        refusal,
        cache: _,
    } = message;
    *role != Role::Tool
        && matches!(content.as_slice(), [] | [Part::Text(_)])
        && reasoning.is_empty()
        && tool_calls.is_empty()
        && tool_call_id.is_none()
        && refusal.is_none()
}

#[cfg(test)]
mod tests;
