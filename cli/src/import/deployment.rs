//! One entry of a `model_list`: a model of ours.

use std::fmt::Write as _;

use budget::{Catalogue, Kind};
use types::{Locality, Nanos, Timestamp};
use yaml_serde::Value;

use super::{
    Left,
    cloud::Cloud,
    endpoint::{self, Endpoint},
    reader::Reader,
};

/// A model that was read.
#[derive(Debug)]
pub(super) struct Deployment {
    /// The name that callers use; several deployments may share it.
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    upstream: String,
    context_tokens: u64,
    max_output_tokens: u64,
    capabilities: Vec<&'static str>,
    price: Price,
    requests: Option<u64>,
    tokens: Option<u64>,
    concurrent: Option<u64>,
    /// What it may cost: the amount in dollars and the period.
    pub(super) cap: Option<(f64, String)>,
}

/// What a model costs as its file says it.
#[derive(Debug)]
enum Price {
    Free,
    /// The built-in catalogue knows.
    Known,
    /// Dollars per million tokens of input and of output.
    Given(String, String),
    Unknown,
}

/// Tokens of a model of which nothing is known.
const CONTEXT_TOKENS: u64 = 8_192;
const OUTPUT_TOKENS: u64 = 4_096;

/// Reads one entry; `None` where it cannot be one of ours, which is told.
pub(super) fn read(place: &str, entry: Value, left: &mut Vec<Left>) -> Option<Deployment> {
    let mut entry = Reader::of(place, Some(entry), left);
    let name = entry.text("model_name");
    let mut params = entry.section("litellm_params", left);
    let mut info = entry.section("model_info", left);
    // Names of the deployment for its own reports.
    for key in ["id", "base_model", "db_model", "team_id"] {
        let _ = info.take(key);
    }
    let model = params.text("model");
    let (Some(name), Some(model)) = (name, model) else {
        let why = "it has no `model_name` or no `litellm_params.model`".to_owned();
        left.push(Left { place: place.to_owned(), why });
        return None;
    };
    if name.contains('*') || model.contains('*') {
        let why = "a pattern names no model; register the models themselves".to_owned();
        left.push(Left { place: entry.place("model_name"), why });
        return None;
    }
    let mode = info.text("mode");
    let served = |mode: &String| matches!(mode.as_str(), "chat" | "completion" | "embedding");
    if let Some(mode) = mode.as_ref().filter(|mode| !served(mode)) {
        let why = format!("a model for `{mode}` is not served here");
        left.push(Left { place: info.place("mode"), why });
        return None;
    }
    let own = params.text("custom_llm_provider");
    let (prefix, upstream) = split(&model, own.as_deref());
    let endpoint = endpoint::read(&mut params, prefix, upstream, left)?;
    let cloud = Cloud::of(prefix).map(|cloud| cloud.upstream(upstream));
    let upstream = cloud.unwrap_or_else(|| upstream.to_owned());
    let facts = Facts::of(&endpoint, &upstream, mode.as_deref());
    let read = Deployment {
        price: price(&mut params, &mut info, &endpoint, &facts),
        context_tokens: info
            .count("max_input_tokens")
            .or(info.count("max_tokens").filter(|_| !facts.known))
            .unwrap_or(facts.context_tokens),
        max_output_tokens: info.count("max_output_tokens").unwrap_or(facts.max_output_tokens),
        capabilities: facts.capabilities(&mut info),
        requests: params.count("rpm").or_else(|| info.count("rpm")),
        tokens: params.count("tpm").or_else(|| info.count("tpm")),
        concurrent: params.count("max_parallel_requests"),
        cap: params.number("max_budget").zip(params.text("budget_duration")),
        name,
        endpoint,
        upstream,
    };
    let _ = info.take("max_tokens");
    if read.context_tokens == CONTEXT_TOKENS && !facts.known {
        let why = format!(
            "nothing tells how long its context is; {CONTEXT_TOKENS} tokens are written, correct `context_tokens`"
        );
        left.push(Left { place: info.place("max_input_tokens"), why });
    }
    if matches!(read.price, Price::Unknown) {
        let why = "nothing tells what it costs, so that nobody with a hard cap can call it; add `price.input` and `price.output`".to_owned();
        left.push(Left { place: params.place("input_cost_per_token"), why });
    }
    for reader in [params, info, entry] {
        reader.finish(left);
    }
    Some(read)
}

/// The prefix and the name at the provider.
fn split<'m>(model: &'m str, provider: Option<&'m str>) -> (&'m str, &'m str) {
    match (provider, model.split_once('/')) {
        (Some(provider), Some((prefix, name))) if provider == prefix => (prefix, name),
        (Some(provider), _) => (provider, model),
        (None, Some((prefix, name))) => (prefix, name),
        (None, None) if model.starts_with("claude") => ("anthropic", model),
        (None, None) => ("openai", model),
    }
}

/// What is known of a model without being told.
struct Facts {
    known: bool,
    context_tokens: u64,
    max_output_tokens: u64,
    can: [bool; 4],
    embeddings: bool,
}

impl Facts {
    fn of(endpoint: &Endpoint, upstream: &str, mode: Option<&str>) -> Self {
        let catalogue = Catalogue::builtin();
        match catalogue.entry(&endpoint.priced, upstream, Timestamp::now()) {
            Some(entry) => {
                let limits = &entry.limits;
                Self {
                    known: true,
                    context_tokens: limits.context_tokens,
                    max_output_tokens: limits.max_output_tokens.min(limits.context_tokens),
                    can: [limits.tools, limits.json_schema, limits.images, limits.reasoning],
                    embeddings: limits.embeddings,
                }
            }
            None => Self {
                known: false,
                context_tokens: CONTEXT_TOKENS,
                max_output_tokens: OUTPUT_TOKENS,
                can: [false; 4],
                embeddings: mode == Some("embedding"),
            },
        }
    }

    fn capabilities(&self, info: &mut Reader) -> Vec<&'static str> {
        let keys = [
            ("tools", "supports_function_calling"),
            ("json_schema", "supports_response_schema"),
            ("images", "supports_vision"),
            ("reasoning", "supports_reasoning"),
        ];
        let told = keys
            .into_iter()
            .zip(self.can)
            .map(|((ours, theirs), can)| (ours, info.flag(theirs).unwrap_or(can)));
        let mut can: Vec<_> = told.filter(|(_, can)| *can).map(|(ours, _)| ours).collect();
        if self.embeddings {
            return vec!["embeddings"];
        }
        can.push("streaming");
        can
    }
}

fn price(params: &mut Reader, info: &mut Reader, endpoint: &Endpoint, facts: &Facts) -> Price {
    let mut rate = |key| {
        let told = params.number(key);
        told.or_else(|| info.number(key))
    };
    let (input, output) = (rate("input_cost_per_token"), rate("output_cost_per_token"));
    // A model for embeddings has no output to be paid for.
    match (input, output.or(facts.embeddings.then_some(0.0))) {
        (Some(input), Some(output)) if input == 0.0 && output == 0.0 => Price::Free,
        (Some(input), Some(output)) => Price::Given(per_million(input), per_million(output)),
        _ if endpoint.locality == Locality::Local => Price::Free,
        _ if facts.known => Price::Known,
        _ => Price::Unknown,
    }
}

/// Dollars a token as dollars a million tokens. Nine places of a dollar are all that there is.
fn per_million(dollars: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and no price is near that")]
    let nanos = (dollars * 1e15).round() as i64;
    Nanos(nanos).to_usd()
}

impl Deployment {
    /// The model's table in a file of the tree.
    pub(super) fn table(
        &self,
        id: &str,
        provider: &str,
        aliases: &[String],
        fallbacks: &[String],
    ) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let list = |names: &[&str]| toml::Value::from(names.to_vec()).to_string();
        let own = |names: &[String]| list(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut text = String::new();
        let _ = writeln!(text, "[[model]]");
        let _ = writeln!(text, "id = {}", quoted(id));
        let _ = writeln!(text, "provider = {}", quoted(provider));
        let _ = writeln!(text, "upstream = {}", quoted(&self.upstream));
        let _ = writeln!(text, "context_tokens = {}", self.context_tokens);
        if self.capabilities != ["embeddings"] {
            let output = self.max_output_tokens.min(self.context_tokens);
            let _ = writeln!(text, "max_output_tokens = {output}");
        }
        let _ = writeln!(text, "capabilities = {}", list(&self.capabilities));
        if !aliases.is_empty() {
            let _ = writeln!(text, "aliases = {}", own(aliases));
        }
        if !fallbacks.is_empty() {
            let _ = writeln!(text, "fallbacks = {}", own(fallbacks));
        }
        match &self.price {
            Price::Free => text.push_str("free = true\n"),
            Price::Given(input, output) => {
                let _ = writeln!(text, "price.input = {}", quoted(input));
                let _ = writeln!(text, "price.output = {}", quoted(output));
            }
            Price::Known | Price::Unknown => {}
        }
        let limits = [
            ("requests_per_minute", self.requests),
            ("tokens_per_minute", self.tokens),
            ("concurrent_requests", self.concurrent),
        ];
        for (key, limit) in limits {
            if let Some(limit) = limit {
                let _ = writeln!(text, "limits.{key} = {limit}");
            }
        }
        text
    }

    /// Writes the catalogue's price into the file: it finds one by the provider's name, and this
    /// provider has another name than there.
    pub(super) fn price_here(&mut self) {
        if !matches!(self.price, Price::Known) {
            return;
        }
        let catalogue = Catalogue::builtin();
        let entry = catalogue.entry(&self.endpoint.priced, &self.upstream, Timestamp::now());
        let rate = |kind| {
            let rate = entry.and_then(|entry| entry.price.standard.rates.get(kind))?;
            Some(Nanos(rate.0).to_usd())
        };
        if let Some(input) = rate(Kind::Input) {
            // A model for embeddings has no output to be paid for.
            let output = rate(Kind::Output).unwrap_or_else(|| "0".to_owned());
            self.price = Price::Given(input, output);
        }
    }
}
