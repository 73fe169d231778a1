//! `models/*.toml`: the models that may be called.

use std::time::Duration;

use types::{Locality, Nanos, NanosPerMillion, SizeClass, Tokenizer};

use super::Rates;
use crate::{
    document::{Node, Place},
    reader::{Notes, Reader},
};

/// One model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// The id that callers and policies use.
    pub id: String,
    /// The provider that serves it.
    pub provider: String,
    /// Its name at the provider.
    pub upstream: String,
    /// `cloud` for a model that a local server only relays; the provider's locality where absent.
    pub locality: Option<Locality>,
    /// Its size class.
    pub size: SizeClass,
    /// Input and output tokens together.
    pub context_tokens: u64,
    /// Output tokens of one answer.
    pub max_output_tokens: u64,
    /// What it can do.
    pub capabilities: CapabilityNames,
    /// Its published vocabulary: what is counted where its provider tells no usage.
    pub tokenizer: Option<Tokenizer>,
    /// How good it is, 0 to 100: the organisation's own opinion.
    pub quality: u8,
    /// Other ids for it.
    pub aliases: Vec<String>,
    /// Models to fall back to, best first.
    pub fallbacks: Vec<String>,
    /// After how long without an answer the next model is asked as well.
    pub hedge_after: Option<Duration>,
    /// Its price; the catalogue's where absent.
    pub price: Option<ModelPrice>,
    /// How much all callers together may ask of it.
    pub limits: Rates,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// The file it was written in.
    pub file: String,
    /// The line of its id.
    pub line: Option<usize>,
}

/// What a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapabilityNames {
    /// Call tools.
    pub tools: bool,
    /// Answer by a JSON schema.
    pub json_schema: bool,
    /// See images.
    pub images: bool,
    /// Stream its answer.
    pub streaming: bool,
    /// Reason before it answers.
    pub reasoning: bool,
    /// Make embeddings, and nothing else.
    pub embeddings: bool,
}

/// What a model costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelPrice {
    /// Nothing is charged, such as for a server of our own.
    Free,
    /// By tokens, by time, or by both.
    Charged {
        /// Of a call that asks for no class of service.
        standard: TokenPrice,
        /// Of the slower, cheaper class.
        flex: Option<TokenPrice>,
        /// Of the faster, dearer class.
        priority: Option<TokenPrice>,
        /// For each second, or part of one, that a call takes.
        second: Nanos,
    },
}

/// What a million tokens cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenPrice {
    /// Input tokens.
    pub input: NanosPerMillion,
    /// Output tokens.
    pub output: NanosPerMillion,
    /// Input tokens read from the provider's cache; as input where absent.
    pub cached: Option<NanosPerMillion>,
}

/// Reads `[[model]]` tables, or a file that is one model.
pub(super) fn read(path: &str, text: &str, notes: &mut Notes) -> Vec<ModelFile> {
    super::each(path, text, "model", notes, one)
}

const TOKENS: std::ops::RangeInclusive<usize> = 1..=100_000_000;

fn one(file: &str, path: &str, node: Node, notes: &mut Notes) -> Option<ModelFile> {
    let mut from = Reader::open(node, path, notes);
    let at = from.place_of("id");
    let id: Option<String> = from.required("id", "gpt-5-mini", "");
    check_id(&mut from, "id", at.as_ref(), id.as_slice());
    let line = at.and_then(|at| at.line);
    let provider = from.required("provider", "openai", "");
    let upstream: Option<String> = from.optional("upstream", "gpt-5-mini", "");
    let locality = from.optional("locality", "cloud", "");
    let size = from.parsed("size", "medium", SizeClass::Medium, "");
    let context = from.required_count("context_tokens", 128_000, TOKENS);
    let capabilities = capabilities(&mut from);
    // A model for embeddings writes nothing.
    let writes = !capabilities.embeddings;
    let output = if writes {
        from.required_count("max_output_tokens", 16_384, TOKENS)
    } else {
        Some(from.count("max_output_tokens", 0, 0..=*TOKENS.end(), ""))
    };
    let tokenizer = from.optional("tokenizer", Tokenizer::O200kBase.as_str(), "");
    let quality = from.count("quality", 50, 0..=100, "");
    let at = from.place_of("aliases");
    let aliases: Vec<String> = from.list("aliases", "fast", "");
    check_id(&mut from, "aliases", at.as_ref(), &aliases);
    let fallbacks = from.list("fallbacks", "gpt-5-nano", "");
    let hedge_after = super::hedge_after(&mut from);
    let enabled = from.flag("enabled", true, "");
    let price = price(&mut from, writes);
    let limits = Rates::read(from.section("limits", ""));
    from.finish();
    let id = id?;
    Some(ModelFile {
        upstream: upstream.unwrap_or_else(|| id.clone()),
        id,
        provider: provider?,
        locality,
        size,
        context_tokens: u64::try_from(context?).ok()?,
        max_output_tokens: u64::try_from(output?).ok()?,
        capabilities,
        tokenizer,
        quality: u8::try_from(quality).ok()?,
        aliases,
        fallbacks,
        hedge_after,
        price,
        limits,
        enabled,
        file: file.to_owned(),
        line,
    })
}

/// Ids stand in URLs, headers and metrics; `auto` is the router's own word.
fn check_id(from: &mut Reader<'_>, key: &'static str, at: Option<&Place>, ids: &[String]) {
    for id in ids {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/@+".contains(&b);
        if id.is_empty() || id.len() > 128 || !id.bytes().all(plain) {
            let fix = "use letters, digits and any of - _ . : / @ +, at most 128".to_owned();
            from.fault(key, at, format!("`{id}` is not an id of a model"), fix);
        } else if id == "auto" || id.starts_with("auto:") {
            let fix = "choose another id; `auto` asks the router to choose".to_owned();
            from.fault(key, at, format!("`{id}` is taken"), fix);
        }
    }
}

const CAPABILITIES: &str =
    "tools, json_schema, images, streaming, reasoning, or `embeddings` alone";

fn capabilities(from: &mut Reader<'_>) -> CapabilityNames {
    let at = from.place_of("capabilities");
    let names: Vec<String> = from.list("capabilities", "tools", "");
    // A model that streams is the rule; one that says nothing gets no more than that.
    let mut read = CapabilityNames {
        tools: false,
        json_schema: false,
        images: false,
        streaming: at.is_none(),
        reasoning: false,
        embeddings: false,
    };
    for name in names {
        match name.as_str() {
            "tools" => read.tools = true,
            "json_schema" => read.json_schema = true,
            "images" => read.images = true,
            "streaming" => read.streaming = true,
            "reasoning" => read.reasoning = true,
            "embeddings" => read.embeddings = true,
            other => {
                let message = format!("`{other}` is not a capability");
                let fix = format!("use any of {CAPABILITIES}");
                from.fault("capabilities", at.as_ref(), message, fix);
            }
        }
    }
    read
}

fn price(from: &mut Reader<'_>, writes: bool) -> Option<ModelPrice> {
    let free_at = from.place_of("free");
    let free = from.flag("free", false, "");
    let (written, mut table) = from.optional_section("price", "");
    if !written {
        table.finish();
        return free.then_some(ModelPrice::Free);
    }
    let second: Option<Nanos> = table.optional("second", "0.0004", "");
    let by_time = second.is_some() && table.place_of("input").is_none();
    let standard = if by_time && table.place_of("output").is_none() {
        Some(TokenPrice::default())
    } else {
        tokens(&mut table, writes)
    };
    let flex = class(&mut table, "flex", writes);
    let priority = class(&mut table, "priority", writes);
    table.finish();
    if free {
        let fix = "keep one of the two".to_owned();
        from.fault("free", free_at.as_ref(), "the model is free and has a price".to_owned(), fix);
    }
    Some(ModelPrice::Charged {
        standard: standard?,
        flex,
        priority,
        second: second.unwrap_or(Nanos::ZERO),
    })
}

/// The price of another class of service.
fn class(from: &mut Reader<'_>, key: &'static str, writes: bool) -> Option<TokenPrice> {
    let (written, mut table) = from.optional_section(key, "");
    let price = if written { tokens(&mut table, writes) } else { None };
    table.finish();
    price
}

/// Rates; of output only where the model writes any.
fn tokens(table: &mut Reader<'_>, writes: bool) -> Option<TokenPrice> {
    let input: Option<Nanos> = table.required("input", "0.25", "");
    let output: Option<Nanos> = if writes {
        table.required("output", "2.00", "")
    } else {
        table.optional("output", "0", "").or(Some(Nanos::ZERO))
    };
    let cached: Option<Nanos> = table.optional("cached", "0.025", "");
    // Dollars per million tokens are nano-dollars per million: the same number.
    let per = |amount: Nanos| NanosPerMillion(amount.0);
    Some(TokenPrice { input: per(input?), output: per(output?), cached: cached.map(per) })
}
