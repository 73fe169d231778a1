//! What a call may cost at worst, and what it did cost.

use std::fmt::{self, Write as _};

use serde_json::Value;
use types::{
    MoneyError, Nanos, NanosPerMillion,
    answer::Usage,
    chat::{ChatRequest, Format, Image, ImageSource, Message, Part, Tool},
};

use crate::price::{Price, Rates};

/// The most input tokens that one image costs at any provider that we speak to: gpt-4o-mini takes
/// 2,833 tokens plus 5,667 per tile, and its scaling leaves at most 8 tiles (OpenAI, "Images and
/// vision", cost of tile-based models). Others are far below; the catalogue knows some of them.
pub const IMAGE_TOKENS_MAX: u64 = 2_833 + 8 * 5_667;

/// Role markers and separators of one message. OpenAI's cookbook counts 3 or 4; templates of open
/// models take up to a dozen.
const MESSAGE_TOKENS: u64 = 16;
/// The frame of one tool call or tool result within a message.
const CALL_TOKENS: u64 = 32;
/// The frame of one tool's definition, beyond its JSON text.
const TOOL_TOKENS: u64 = 64;
/// The instructions that a provider adds once a request has tools. Anthropic documents up to 530 for
/// tool use; OpenAI's are far shorter.
const TOOLS_TOKENS: u64 = 1_024;
/// What a provider adds to any request: begin and end markers, the primer of the answer, a default
/// system message with dates and settings where an open model's template brings one.
const REQUEST_TOKENS: u64 = 128;
/// The instructions that a provider adds for structured output, beyond the schema.
const FORMAT_TOKENS: u64 = 512;

/// An upper bound on a request's input tokens, whatever the model: every byte of text a token, plus
/// what templates add, plus [`IMAGE_TOKENS_MAX`] for each image.
pub fn input_bound(request: &ChatRequest) -> u64 {
    input_bound_with(request, IMAGE_TOKENS_MAX)
}

/// As [`input_bound`], for a model whose largest cost of an image is known.
///
/// A byte-level tokenizer never makes more tokens than bytes, and one with byte fallback neither.
pub fn input_bound_with(request: &ChatRequest, image_tokens: u64) -> u64 {
    let mut tokens = REQUEST_TOKENS;
    let mut add = |more: u64| tokens = tokens.saturating_add(more);
    for message in &request.messages {
        add(message_bound(message, image_tokens));
    }
    if !request.tools.is_empty() {
        add(TOOLS_TOKENS);
        request.tools.iter().for_each(|tool| add(tool_bound(tool)));
    }
    match &request.format {
        None | Some(Format::Text) => {}
        Some(Format::JsonObject) => add(FORMAT_TOKENS),
        Some(Format::JsonSchema { name, description, schema, .. }) => {
            add(FORMAT_TOKENS);
            add(bytes(name));
            add(description.as_deref().map_or(0, bytes));
            add(schema.as_ref().map_or(0, json_bytes));
        }
    }
    for (name, value) in &request.extra {
        add(bytes(name));
        add(json_bytes(value));
    }
    tokens
}

/// The worst case of a call: the dearest input and output that the limits can reach, over every
/// tier, rounded up once. `max_output` is per choice.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn bound(
    price: &Price,
    input_bound: u64,
    max_output: u64,
    choices: u32,
) -> Result<Nanos, MoneyError> {
    let (input, output) = dearest(price, input_bound);
    let output_tokens = u128::from(max_output).saturating_mul(u128::from(choices.max(1)));
    let input = micro(u128::from(input_bound), input)?;
    let output = micro(output_tokens, output)?;
    rounded(input.checked_add(output).ok_or(MoneyError::Overflow)?)?.plus(price.request)
}

/// What a call did cost, rounded up once.
///
/// Where the kinds of input overlap or add up to more than the whole (audio that came from the
/// cache), the dearest kind is counted first, so that the cost is never too low and never beyond
/// what [`bound`] reserved for the same number of tokens.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn cost(price: &Price, usage: &Usage) -> Result<Nanos, MoneyError> {
    rounded(micro_cost(price.rates_at(usage.input), usage)?)?.plus(price.request)
}

/// What the input that came from the provider's cache would have cost more as plain input; nothing
/// where the cache costs as much, or where the two cannot be told.
pub fn saved(price: &Price, usage: &Usage) -> Nanos {
    let plain = Usage { cached: 0, ..*usage };
    let more = |plain: Nanos, paid: Nanos| Nanos(plain.0.saturating_sub(paid.0).max(0));
    match (cost(price, &plain), cost(price, usage)) {
        (Ok(plain), Ok(paid)) => more(plain, paid),
        (Err(_), _) | (_, Err(_)) => Nanos::ZERO,
    }
}

/// The most output tokens per choice that `room` pays for, so that the limit sent upstream can be
/// clamped to it; `None` if not even one. [`u64::MAX`] where output is free.
pub fn affordable_output(
    price: &Price,
    input_bound: u64,
    choices: u32,
    room: Nanos,
) -> Option<u64> {
    let (input, output) = dearest(price, input_bound);
    let room = u128::try_from(room.0.checked_sub(price.request.0)?).ok()?;
    let left = room.checked_mul(MICRO)?.checked_sub(micro(u128::from(input_bound), input).ok()?)?;
    let each = micro(u128::from(choices.max(1)), output).ok()?;
    let Some(tokens) = left.checked_div(each) else { return Some(u64::MAX) };
    Some(u64::try_from(tokens).unwrap_or(u64::MAX)).filter(|tokens| *tokens > 0)
}

/// The first field of a request whose price [`bound`] does not cover, so that it cannot be sent
/// under a hard cap: searches and stored predictions are billed beyond the token limit, spoken
/// answers by their own rates, and a faster service tier by a multiple.
pub fn unpriced_field(request: &ChatRequest) -> Option<&str> {
    const PRICED_TIERS: [&str; 3] = ["auto", "default", "flex"];
    let unpriced = |name: &str, value: &Value| match name {
        "prediction" | "web_search_options" | "audio" => true,
        "modalities" => {
            value.as_array().is_none_or(|kinds| kinds.iter().any(|kind| kind != "text"))
        }
        "service_tier" => value.as_str().is_none_or(|tier| !PRICED_TIERS.contains(&tier)),
        _ => false,
    };
    let mut given = request.extra.iter().filter(|(_, value)| !value.is_null());
    given.find(|(name, value)| unpriced(name, value)).map(|(name, _)| name.as_str())
}

/// Prices are per million, so a token times its rate is in millionths of a nano-dollar.
const MICRO: u128 = 1_000_000;

fn message_bound(message: &Message, image_tokens: u64) -> u64 {
    let mut tokens = MESSAGE_TOKENS;
    let mut add = |more: u64| tokens = tokens.saturating_add(more);
    add(bytes(message.role.as_str()));
    add(message.name.as_deref().map_or(0, bytes));
    for part in &message.content {
        match part {
            Part::Text(text) => add(bytes(text)),
            Part::Image(Image {
                source: ImageSource::Url(_) | ImageSource::Data { .. }, ..
            }) => {
                add(image_tokens);
            }
        }
    }
    for call in &message.tool_calls {
        add(CALL_TOKENS);
        [&call.id, &call.name, &call.arguments].into_iter().for_each(|text| add(bytes(text)));
    }
    if let Some(id) = &message.tool_call_id {
        add(CALL_TOKENS);
        add(bytes(id));
    }
    add(message.refusal.as_deref().map_or(0, bytes));
    tokens
}

fn tool_bound(tool: &Tool) -> u64 {
    TOOL_TOKENS
        .saturating_add(bytes(&tool.name))
        .saturating_add(tool.description.as_deref().map_or(0, bytes))
        .saturating_add(tool.parameters.as_ref().map_or(0, json_bytes))
}

fn bytes(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// The length of a JSON value's text, without making it.
fn json_bytes(value: &Value) -> u64 {
    struct Counter(u64);
    impl fmt::Write for Counter {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.saturating_add(bytes(text));
            Ok(())
        }
    }
    let mut counter = Counter(0);
    match write!(counter, "{value}") {
        Ok(()) => counter.0,
        Err(fmt::Error) => u64::MAX,
    }
}

/// The dearest rate of input and of output that this input bound can reach. They may come from
/// different tiers; the bound is then a little higher than any real request can cost.
fn dearest(price: &Price, input_bound: u64) -> (NanosPerMillion, NanosPerMillion) {
    price.reachable(input_bound).fold(Default::default(), |(input, output), rates| {
        (rates.dearest_input().max(input), rates.dearest_output().max(output))
    })
}

fn micro_cost(rates: &Rates, usage: &Usage) -> Result<u128, MoneyError> {
    let input = [
        (usage.cached, rates.cached_input),
        (usage.cache_write, rates.cache_write),
        (usage.audio_input, rates.audio_input),
    ];
    let output = [(usage.reasoning, rates.reasoning), (usage.audio_output, rates.audio_output)];
    let input = micro_split(usage.input, rates.input, input)?;
    let output = micro_split(usage.output, rates.output, output)?;
    input.checked_add(output).ok_or(MoneyError::Overflow)
}

/// The cost of `all` tokens of which some are of a kind with its own rate.
fn micro_split<const N: usize>(
    all: u64,
    plain: NanosPerMillion,
    mut kinds: [(u64, NanosPerMillion); N],
) -> Result<u128, MoneyError> {
    kinds.sort_by_key(|(_, rate)| std::cmp::Reverse(*rate));
    let mut left = all;
    let mut sum = 0_u128;
    for (tokens, rate) in kinds {
        let tokens = tokens.min(left);
        left = left.saturating_sub(tokens);
        sum = sum.checked_add(micro(u128::from(tokens), rate)?).ok_or(MoneyError::Overflow)?;
    }
    sum.checked_add(micro(u128::from(left), plain)?).ok_or(MoneyError::Overflow)
}

fn micro(tokens: u128, rate: NanosPerMillion) -> Result<u128, MoneyError> {
    let rate = u128::try_from(rate.0).map_err(|_| MoneyError::Overflow)?;
    tokens.checked_mul(rate).ok_or(MoneyError::Overflow)
}

fn rounded(micro: u128) -> Result<Nanos, MoneyError> {
    i64::try_from(micro.div_ceil(MICRO)).map(Nanos).map_err(|_| MoneyError::Overflow)
}
