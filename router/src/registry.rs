//! Which models there are, and where: one immutable value, checked as a whole.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;
use types::{Locality, Particulars, ProviderKind, SizeClass, Tokenizer};

use crate::address;

/// Every registered model and provider.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    providers: BTreeMap<String, Provider>,
    models: BTreeMap<String, Model>,
    /// Alias to id.
    aliases: BTreeMap<String, String>,
    notes: Vec<Fault>,
}

/// Where models are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name in policies, metrics and models.
    pub name: String,
    /// The wire format that it speaks.
    pub kind: ProviderKind,
    /// Its address without a slash at the end: with the path before `/chat/completions` for the
    /// kinds `openai` and `mistral`, the host alone for all others.
    pub base_url: String,
    /// Where it runs.
    pub locality: Locality,
    /// Whether it is the built-in simulator.
    pub simulator: bool,
    /// Where its key is, as text: `env:NAME` or `file:/path`.
    pub secret_ref: Option<String>,
    /// Its privacy class, a word for policies.
    pub privacy: String,
    /// For how many days it keeps what it is sent; `None` where nobody has said.
    pub retention_days: Option<u32>,
    /// Whether output is limited by `max_tokens` and not by `max_completion_tokens`.
    pub legacy_max_tokens: bool,
    /// What its address and format do not tell.
    pub particulars: Particulars,
    /// Times of its own.
    pub timeouts: Timeouts,
    /// Requests at once; no limit of its own where absent.
    pub max_concurrent: Option<usize>,
    /// Who registered it.
    pub origin: Origin,
}

/// A provider's own times; the settings' where absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect.
    pub connect: Option<Duration>,
    /// To the first byte of an answer that is streamed.
    pub first_byte: Option<Duration>,
    /// Between two pieces of a stream.
    pub idle: Option<Duration>,
    /// For the whole answer.
    pub total: Option<Duration>,
}

/// A model that may be called, if policy permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The id that callers and policies use.
    pub id: String,
    /// The name of its provider.
    pub provider: String,
    /// Its name at the provider.
    pub upstream: String,
    /// Where it runs. [`Registry::build`] makes it `Cloud` where its provider is: a local server may
    /// relay a cloud model, but never the other way round.
    pub locality: Locality,
    /// Its size class.
    pub size: SizeClass,
    /// Input and output tokens together.
    pub context_tokens: u64,
    /// Output tokens of one answer.
    pub max_output_tokens: u64,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Its published vocabulary, where it is known.
    pub tokenizer: Option<Tokenizer>,
    /// How good it is, 0 to 100: the organisation's own opinion.
    pub quality: u8,
    /// Other ids for it.
    pub aliases: Vec<String>,
    /// Models to fall back to, best first, by id or alias.
    pub fallbacks: Vec<String>,
    /// How long its answer is waited for before the next model is asked beside it; never where absent.
    pub hedge_after: Option<Duration>,
    /// Its privacy class; [`Registry::build`] takes the provider's where empty.
    pub privacy: String,
    /// Who registered it.
    pub origin: Origin,
    /// Whether it may be used at all.
    pub enabled: bool,
}

/// What a model can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Capabilities {
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
    /// Make embeddings. Such a model does nothing else.
    pub embeddings: bool,
}

/// What a model is for. No model is for both, and none of one purpose serves the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Answers in words.
    #[default]
    Chat,
    /// Vectors.
    Embeddings,
}

/// Who registered a model or provider. An earlier one wins a name that two of them claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A file of the git tree.
    Git {
        /// Its path.
        file: String,
        /// The line of the entry's name, from 1.
        line: Option<usize>,
    },
    /// `orchestack model add`.
    Runtime,
    /// Found: a local server, or a provider whose key is in the environment.
    Discovered,
    /// The built-in simulator.
    Simulator,
}

/// What is wrong with an entry, or worth knowing about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Who registered it.
    pub origin: Origin,
    /// What it is about, such as `model gpt-5-mini`.
    pub subject: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl Model {
    /// What it is for.
    pub const fn purpose(&self) -> Purpose {
        if self.capabilities.embeddings { Purpose::Embeddings } else { Purpose::Chat }
    }
}

impl Provider {
    /// Whether it is registered with a credential.
    pub fn wants_credential(&self) -> bool {
        self.secret_ref.is_some() || self.particulars.aws.is_some()
    }
}

impl Registry {
    /// Checks and joins what all origins registered. What git wrote must be right as a whole. An
    /// entry of another origin that does not fit is left out and told in [`Registry::notes`]: a
    /// server that appears on the network must not bring the organisation's registry down.
    ///
    /// # Errors
    /// Every mistake in entries from git.
    pub fn build(providers: Vec<Provider>, models: Vec<Model>) -> Result<Self, Vec<Fault>> {
        let mut build = Build::default();
        build.providers(providers);
        build.models(models);
        build.names();
        build.fallbacks();
        let Build { registry, mut faults } = build;
        if faults.is_empty() {
            return Ok(registry);
        }
        faults.sort();
        Err(faults)
    }

    /// A model by its id.
    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.get(id)
    }

    /// A model by its id or an alias.
    pub fn resolve(&self, name: &str) -> Option<&Model> {
        self.model(name).or_else(|| self.model(self.aliases.get(name)?))
    }

    /// A provider by its name.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.get(name)
    }

    /// Every model, by id.
    pub fn models(&self) -> impl ExactSizeIterator<Item = &Model> {
        self.models.values()
    }

    /// Whether two models make vectors that can be compared: they have the same name at their providers. A
    /// deployment at Azure has the name that its owner chose, which tells nothing of the model behind it.
    pub fn same_vectors(&self, one: &Model, other: &Model) -> bool {
        let is_chosen = |model: &Model| {
            let provider = self.provider(&model.provider);
            provider.is_some_and(|provider| provider.kind == ProviderKind::Azure)
        };
        let same = one.upstream == other.upstream && !is_chosen(one) && !is_chosen(other);
        one.id == other.id || same
    }

    /// Every provider, by name.
    pub fn providers(&self) -> impl ExactSizeIterator<Item = &Provider> {
        self.providers.values()
    }

    /// Every alias with the model that it means.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.aliases.iter().filter_map(|(alias, id)| Some((alias.as_str(), self.model(id)?)))
    }

    /// What was left out, and what an operator should look at.
    pub fn notes(&self) -> &[Fault] {
        &self.notes
    }
}

/// All that a model for embeddings can do.
const EMBEDDINGS: Capabilities = Capabilities {
    tools: false,
    json_schema: false,
    images: false,
    streaming: false,
    reasoning: false,
    embeddings: true,
};

#[derive(Default)]
struct Build {
    registry: Registry,
    faults: Vec<Fault>,
}

impl Build {
    /// A fault of git stops the build; any other is a note.
    fn fault(&mut self, origin: &Origin, subject: String, message: String, fix: &str) {
        let fault = Fault { origin: origin.clone(), subject, message, fix: fix.to_owned() };
        match origin {
            Origin::Git { .. } => self.faults.push(fault),
            Origin::Runtime | Origin::Discovered | Origin::Simulator => {
                self.registry.notes.push(fault);
            }
        }
    }

    fn providers(&mut self, mut providers: Vec<Provider>) {
        // A stable sort: git first, and within an origin as given.
        providers.sort_by_key(|provider| rank(&provider.origin));
        for provider in providers {
            let subject = format!("provider {}", provider.name);
            if let Some(first) = self.registry.providers.get(&provider.name) {
                let message = format!("the name is taken by one from {}", first.origin);
                self.fault(&provider.origin, subject, message, "give it another name");
                continue;
            }
            if provider.locality == Locality::Local && !address::is_private(&provider.base_url) {
                self.registry.notes.push(Fault {
                    origin: provider.origin.clone(),
                    subject,
                    message: "it is called local, and its address does not look private".to_owned(),
                    fix: "make sure that the host is yours, or set its locality to `cloud`"
                        .to_owned(),
                });
            }
            self.registry.providers.insert(provider.name.clone(), provider);
        }
    }

    fn models(&mut self, mut models: Vec<Model>) {
        models.sort_by_key(|model| rank(&model.origin));
        for mut model in models {
            let subject = format!("model {}", model.id);
            if is_reserved(&model.id) {
                let message = "the id is the router's own word".to_owned();
                self.fault(&model.origin, subject, message, "choose an id other than `auto`");
                continue;
            }
            if let Some(first) = self.registry.models.get(&model.id) {
                let message = format!("the id is taken by one from {}", first.origin);
                self.fault(&model.origin, subject, message, "give it another id");
                continue;
            }
            let Some(provider) = self.registry.providers.get(&model.provider) else {
                let message = format!("its provider `{}` is unknown", model.provider);
                let known: Vec<_> = self.registry.providers.keys().map(String::as_str).collect();
                let fix = format!("register the provider, or use one of: {}", known.join(", "));
                self.fault(&model.origin, subject, message, &fix);
                continue;
            };
            // INVARIANT: a model is never more local than its provider.
            model.locality = model.locality.max(provider.locality);
            if model.privacy.is_empty() {
                model.privacy.clone_from(&provider.privacy);
            }
            if model.capabilities.embeddings && model.capabilities != EMBEDDINGS {
                let message = "a model for embeddings can do nothing else".to_owned();
                let fix = "leave `embeddings` alone in `capabilities`, or out of it";
                self.fault(&model.origin, subject, message, fix);
                continue;
            }
            if model.max_output_tokens > model.context_tokens {
                let message = "it may answer with more tokens than its context holds".to_owned();
                self.fault(&model.origin, subject, message, "lower `max_output_tokens`");
                continue;
            }
            self.registry.models.insert(model.id.clone(), model);
        }
    }

    fn names(&mut self) {
        let mut ordered: Vec<Model> = self.registry.models.values().cloned().collect();
        ordered.sort_by_key(|model| rank(&model.origin));
        for model in ordered {
            for alias in &model.aliases {
                let taken = if is_reserved(alias) {
                    Some("the router's own word".to_owned())
                } else if self.registry.models.contains_key(alias) {
                    Some("the id of a model".to_owned())
                } else {
                    let other = self.registry.aliases.get(alias);
                    other.map(|other| format!("also an alias of `{other}`"))
                };
                if let Some(taken) = taken {
                    let subject = format!("model {}", model.id);
                    let message = format!("its alias `{alias}` is {taken}");
                    self.fault(
                        &model.origin,
                        subject,
                        message,
                        "remove the alias from one of them",
                    );
                } else {
                    self.registry.aliases.insert(alias.clone(), model.id.clone());
                }
            }
        }
    }

    fn fallbacks(&mut self) {
        let models: Vec<Model> = self.registry.models.values().cloned().collect();
        for model in models {
            for name in &model.fallbacks {
                let subject = format!("model {}", model.id);
                match self.registry.resolve(name) {
                    Some(other) if other.id != model.id => {}
                    Some(_) => {
                        let message = "it falls back to itself".to_owned();
                        let fix = "remove it from `fallbacks`";
                        self.fault(&model.origin, subject, message, fix);
                    }
                    // It may be a model of a server that is not up now: the rest must serve.
                    None => self.registry.notes.push(Fault {
                        origin: model.origin.clone(),
                        subject,
                        message: format!("its fallback `{name}` is not there now"),
                        fix: "start or register that model, or remove it from `fallbacks`"
                            .to_owned(),
                    }),
                }
            }
        }
    }
}

const fn rank(origin: &Origin) -> u8 {
    match origin {
        Origin::Git { .. } => 0,
        Origin::Runtime => 1,
        Origin::Discovered => 2,
        Origin::Simulator => 3,
    }
}

/// Whether a name asks the router to choose.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == "auto" || name.starts_with("auto:")
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { file, line: Some(line) } => write!(f, "{file}:{line}"),
            Self::Git { file, line: None } => f.write_str(file),
            Self::Runtime => f.write_str("`orchestack model add`"),
            Self::Discovered => f.write_str("discovery"),
            Self::Simulator => f.write_str("the built-in simulator"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}; {}", self.origin, self.subject, self.message, self.fix)
    }
}

#[cfg(test)]
pub(crate) mod tests;
