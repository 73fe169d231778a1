//! Model servers on this machine: Ollama, vLLM, llama.cpp and LM Studio on their usual ports.

use std::net::{Ipv4Addr, SocketAddr};

use futures::{StreamExt, future::join_all, stream};
use router::{Capabilities, Origin, Purpose};
use serde_json::json;
use snapshot::{Extra, ModelSpec, PriceSpec, ProviderSpec};
use types::{Locality, Particulars, ProviderKind, SizeClass};

use super::{MODELS_MAX, SERVER_TIME, id, wire};
use crate::{models::capability_names, probed::Learnt};

/// A kind of model server, and where to look for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// The name that its provider gets.
    pub name: &'static str,
    /// Where to look.
    pub address: SocketAddr,
}

/// Where the usual servers listen by default. 8080 is llama.cpp's port and ours, so llama.cpp is
/// looked for on the next free one of ours as well.
pub const USUAL: &[Server] = &[
    at("ollama", 11434),
    at("vllm", 8000),
    at("llamacpp", 8080),
    at("llamacpp", 8082),
    at("lmstudio", 1234),
];

/// What is assumed where a server does not tell.
const CONTEXT_TOKENS: u64 = 8192;
/// More is not reserved for one answer unless somebody registers the model by hand.
const OUTPUT_TOKENS_MAX: u64 = 32_768;
/// Questions about models of one server that are under way at once.
const QUESTIONS_MAX: usize = 8;

const fn at(name: &'static str, port: u16) -> Server {
    Server { name, address: SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port) }
}

/// Asks every server at once. `own` are addresses that this process listens on itself.
pub async fn local(client: &reqwest::Client, servers: &[Server], own: &[SocketAddr]) -> Vec<Extra> {
    let others = servers.iter().filter(|server| !own.contains(&server.address));
    let asked = others.map(async |server| {
        let found = tokio::time::timeout(SERVER_TIME, one(client, *server)).await;
        found.unwrap_or_default()
    });
    let mut found: Vec<Extra> = join_all(asked).await.into_iter().flatten().collect();
    // The second server of a kind gets its port into its name.
    let mut seen = Vec::new();
    for found in &mut found {
        if seen.contains(&found.provider.name) {
            rename(found);
        }
        seen.push(found.provider.name.clone());
    }
    found
}

fn rename(found: &mut Extra) {
    let port = found.provider.base_url.trim_end_matches("/v1").rsplit(':').next();
    let name = format!("{}-{}", found.provider.name, port.unwrap_or("2"));
    for model in &mut found.models {
        model.provider.clone_from(&name);
        model.id = format!("{name}/{}", model.upstream);
    }
    found.provider.name = name;
}

/// What a server says about one model.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Its name there.
    pub(crate) name: String,
    /// Input and output tokens together.
    pub(crate) context: Option<u64>,
    /// Thousands of millions of parameters.
    billions: Option<u64>,
    /// What it can do; `None` where the server does not say.
    pub(crate) tools: Option<bool>,
    pub(crate) images: Option<bool>,
    pub(crate) reasoning: Option<bool>,
    /// As no server tells it, and only calls do.
    pub(crate) json_schema: Option<bool>,
    pub(crate) streaming: Option<bool>,
    /// Whether it makes embeddings, and nothing else.
    embeds: bool,
    /// Whether the server hands what it is asked on to somebody else's cloud.
    pub(crate) relayed: bool,
}

impl Told {
    /// What a server says that tells a name and no more.
    pub(crate) fn of_name(name: String) -> Self {
        let billions = billions(&name);
        let embeds = purpose(&name) == Some(Purpose::Embeddings);
        Self {
            name,
            context: None,
            billions,
            tools: None,
            images: None,
            reasoning: None,
            json_schema: None,
            streaming: None,
            embeds,
            relayed: false,
        }
    }

    /// The same with what calls have told, which goes first.
    pub(crate) fn with(self, learnt: Learnt) -> Self {
        Self {
            tools: learnt.tools.or(self.tools),
            json_schema: learnt.json_schema.or(self.json_schema),
            images: learnt.images.or(self.images),
            streaming: learnt.streaming.or(self.streaming),
            ..self
        }
    }

    /// Whether it is the model that is registered by this name there: Ollama's default tag may be left
    /// out.
    pub(crate) fn is(&self, upstream: &str) -> bool {
        self.name == upstream || self.name.strip_suffix(":latest") == Some(upstream)
    }

    /// What the model can do, with what is `known` where the server does not say.
    pub(crate) fn can(&self, known: &Capabilities) -> Capabilities {
        if self.embeds {
            return Capabilities { embeddings: true, ..Capabilities::default() };
        }
        Capabilities {
            tools: self.tools.unwrap_or(known.tools),
            images: self.images.unwrap_or(known.images),
            reasoning: self.reasoning.unwrap_or(known.reasoning),
            json_schema: self.json_schema.unwrap_or(known.json_schema),
            streaming: self.streaming.unwrap_or(known.streaming),
            embeddings: known.embeddings,
        }
    }
}

/// What a server at an unusual address says of its models, whichever of the usual ones it is.
pub(super) async fn any(client: &reqwest::Client, base: &str) -> Option<Vec<Told>> {
    if let Some(told) = ollama(client, base).await {
        return Some(told);
    }
    lm_studio(client, base).await
}

async fn one(client: &reqwest::Client, server: Server) -> Vec<Extra> {
    let base = format!("http://{}", server.address);
    let told = match server.name {
        "ollama" => ollama(client, &base).await,
        "lmstudio" => lm_studio(client, &base).await,
        _ => listed(client, &base).await,
    };
    let told = told.unwrap_or_default().into_iter().take(MODELS_MAX);
    let (relayed, own): (Vec<Told>, Vec<Told>) = told.partition(|told| told.relayed);
    let relay = format!("{}-cloud", server.name);
    // What a server only relays leaves the machine, so it is a provider in the cloud.
    let found = [
        provider(server.name, &base, Locality::Local, own),
        provider(&relay, &base, Locality::Cloud, relayed),
    ];
    found.into_iter().filter(|found| !found.models.is_empty()).collect()
}

fn provider(name: &str, base: &str, locality: Locality, told: Vec<Told>) -> Extra {
    let models = told.into_iter().filter_map(|told| model(name, locality, told)).collect();
    Extra {
        origin: Origin::Discovered,
        provider: ProviderSpec {
            name: name.to_owned(),
            kind: ProviderKind::OpenAi,
            base_url: format!("{base}/v1"),
            locality,
            secret: None,
            privacy: if locality == Locality::Local { "local" } else { "standard" }.to_owned(),
            retention_days: None,
            legacy_max_tokens: true,
            particulars: Particulars::default(),
            simulator: false,
        },
        models,
    }
}

async fn listed(client: &reqwest::Client, base: &str) -> Option<Vec<Told>> {
    let list: wire::Listed = wire::ask(client.get(format!("{base}/v1/models"))).await?;
    let ours = list.data.iter().any(|model| model.owned_by.as_deref() == Some("orchestack"));
    if ours {
        return None;
    }
    let llama = list.data.iter().any(|model| model.owned_by.as_deref() == Some("llamacpp"));
    let props: Option<wire::Props> =
        if llama { wire::ask(client.get(format!("{base}/props"))).await } else { None };
    let vision = props.as_ref().map(|props| props.modalities.vision);
    let n_ctx = props.and_then(|props| props.default_generation_settings.n_ctx);
    // What ranks or hears is for nothing here.
    let told = |model: wire::ListedModel| {
        purpose(&model.id)?;
        let context = model.max_model_len.or(n_ctx);
        Some(Told { context, images: vision, ..Told::of_name(model.id) })
    };
    Some(list.data.into_iter().filter_map(told).collect())
}

async fn lm_studio(client: &reqwest::Client, base: &str) -> Option<Vec<Told>> {
    let plain = listed(client, base).await?;
    let more: Option<wire::StudioList> =
        wire::ask(client.get(format!("{base}/api/v0/models"))).await;
    let more = more.unwrap_or_default().data;
    let join = |told: Told| {
        let Some(known) = more.iter().find(|known| known.id == told.name) else {
            return told;
        };
        Told {
            context: known.loaded_context_length.or(known.max_context_length),
            images: Some(known.kind.as_deref() == Some("vlm")),
            tools: Some(known.capabilities.iter().any(|c| c == "tool_use")),
            embeds: told.embeds || known.kind.as_deref() == Some("embeddings"),
            ..told
        }
    };
    Some(plain.into_iter().map(join).collect())
}

async fn ollama(client: &reqwest::Client, base: &str) -> Option<Vec<Told>> {
    let tags: wire::Tags = wire::ask(client.get(format!("{base}/api/tags"))).await?;
    let show = |tag: wire::Tag| async move {
        let body = json!({ "model": tag.name });
        let asked = client.post(format!("{base}/api/show")).json(&body);
        let shown: wire::Shown = wire::ask(asked).await.unwrap_or_default();
        let knows = !shown.capabilities.is_empty();
        let other = knows && !shown.can("completion");
        let embeds =
            purpose(&tag.name)? == Purpose::Embeddings || (other && shown.can("embedding"));
        if other && !embeds {
            return None;
        }
        let size = tag.details.parameter_size.as_deref().and_then(billions);
        let relayed =
            tag.remote_host.is_some() || shown.remote_host.is_some() || tag.name.ends_with("cloud");
        Some(Told {
            context: shown.context(),
            billions: size.or_else(|| billions(&tag.name)),
            tools: knows.then(|| shown.can("tools")),
            images: knows.then(|| shown.can("vision")),
            reasoning: knows.then(|| shown.can("thinking")),
            embeds,
            relayed,
            ..Told::of_name(tag.name)
        })
    };
    let models = stream::iter(tags.models.into_iter().take(MODELS_MAX).map(show));
    let told: Vec<Option<Told>> = models.buffered(QUESTIONS_MAX).collect().await;
    Some(told.into_iter().flatten().collect())
}

fn model(provider: &str, locality: Locality, told: Told) -> Option<ModelSpec> {
    let context = told.context.filter(|tokens| *tokens > 1).unwrap_or(CONTEXT_TOKENS);
    // A name without a size is most often that of a small model.
    let size = match told.billions.unwrap_or(0) {
        0..=15 => SizeClass::Small,
        16..=79 => SizeClass::Medium,
        _ => SizeClass::Large,
    };
    // Tools are assumed where the server does not say: servers take the field, and a model that cannot use
    // them answers in words.
    let assumed =
        Capabilities { tools: true, json_schema: true, streaming: true, ..Capabilities::default() };
    let capabilities = capability_names(&told.can(&assumed));
    let free = || PriceSpec { input: "0".to_owned(), output: "0".to_owned() };
    Some(ModelSpec {
        id: id(provider, &told.name)?,
        provider: provider.to_owned(),
        upstream: told.name,
        size,
        context_tokens: context,
        // The other half is for what is asked.
        max_output_tokens: if told.embeds { 0 } else { (context / 2).min(OUTPUT_TOKENS_MAX) },
        capabilities,
        quality: match size {
            SizeClass::Small => 35,
            SizeClass::Medium => 50,
            SizeClass::Large => 60,
        },
        aliases: Vec::new(),
        fallbacks: Vec::new(),
        // What is relayed is paid for somewhere; without a price it is refused, never free.
        price: (locality == Locality::Local).then(free),
    })
}

/// What a model is for by its name; `None` for one that ranks or hears.
fn purpose(name: &str) -> Option<Purpose> {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["rerank", "whisper"]) {
        return None;
    }
    Some(if has(&["embed", "bge-"]) { Purpose::Embeddings } else { Purpose::Chat })
}

/// The size that a name gives away, in thousands of millions of parameters rounded up: 8 for
/// `llama3.1:8b` and `8.0B`, 1 for `0.6b`.
fn billions(name: &str) -> Option<u64> {
    let name = name.to_ascii_lowercase();
    let words = name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    words.filter_map(|word| word.strip_suffix('b')).find_map(|number| {
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let whole: u64 = whole.parse().ok()?;
        let more = digits(part) && part.bytes().any(|b| b != b'0');
        Some(whole.saturating_add(u64::from(more)))
    })
}

#[cfg(test)]
mod tests;
