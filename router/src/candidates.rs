//! Which models a request's `model` could mean, before anyone asks whether they may or can.

use serde::Serialize;
use types::Locality;

use crate::{
    rank::Standing,
    registry::{Model, Purpose, Registry, is_reserved},
};

/// The models that could serve a request. Policy is asked about [`Candidates::all`].
#[derive(Debug, Clone)]
pub struct Candidates<'r> {
    registry: &'r Registry,
    purpose: Purpose,
    asked: String,
    variant: Option<Variant>,
    models: Vec<(Standing, &'r Model)>,
}

/// How `auto` chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// `auto`: the smallest local model that fits, larger local ones, then cloud ones by size; or
    /// by weights where some are set.
    Balanced,
    /// `auto:cheap`: the lowest cost.
    Cheap,
    /// `auto:fast`: the lowest latency.
    Fast,
    /// `auto:local`: local models only.
    Local,
    /// `auto:best`: the highest quality.
    Best,
}

/// A name that no model has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the model `{asked}` is not registered; `GET /v1/models` lists those that are, and `auto`, `auto:cheap`, `auto:fast`, `auto:local` and `auto:best` let the router choose"
)]
pub struct UnknownModel {
    /// The name as it was given, at most 128 bytes of it.
    pub asked: String,
}

/// What the `model` of a request for such an answer could mean: an id, an alias, or `auto` with an
/// optional variant. A model of another purpose is among them only where it was named, so that the plan
/// says why not.
///
/// Vectors of one model mean nothing to another: a request for embeddings is served by the model that was
/// named, or by one whose name at its provider is the same, and by no fallback or substitute.
///
/// # Errors
/// [`UnknownModel`].
pub fn candidates<'r>(
    registry: &'r Registry,
    purpose: Purpose,
    model: &str,
) -> Result<Candidates<'r>, UnknownModel> {
    let unknown = || UnknownModel { asked: model.chars().take(128).collect() };
    let asked = model.to_owned();
    let mut found = Candidates { registry, purpose, asked, variant: None, models: Vec::new() };
    let serving = || registry.models().filter(|model| model.purpose() == purpose);
    if is_reserved(model) {
        found.variant = Some(Variant::parse(model).ok_or_else(unknown)?);
        found.models = serving().map(|model| (Standing::Auto, model)).collect();
        return Ok(found);
    }
    let requested = registry.resolve(model).ok_or_else(unknown)?;
    found.add(Standing::Requested, requested);
    let same = |other: &&Model| match purpose {
        Purpose::Chat => other.upstream == requested.upstream,
        Purpose::Embeddings => registry.same_vectors(requested, other),
    };
    for other in serving().filter(same) {
        found.add(Standing::SameName, other);
    }
    if purpose == Purpose::Embeddings {
        return Ok(found);
    }
    for fallback in requested.fallbacks.iter().filter_map(|name| registry.resolve(name)) {
        if fallback.purpose() == purpose {
            found.add(Standing::Fallback, fallback);
        }
    }
    for local in serving().filter(|model| model.locality == Locality::Local) {
        found.add(Standing::Substitute, local);
    }
    Ok(found)
}

impl<'r> Candidates<'r> {
    /// Adds an agent's own fallbacks, by id or alias, behind the model's. Unknown names are passed
    /// over: a model may be removed while an agent still names it.
    #[must_use]
    pub fn with_fallbacks(mut self, names: &[String]) -> Self {
        if self.variant.is_some() || self.purpose == Purpose::Embeddings {
            return self;
        }
        let known = names.iter().filter_map(|name| self.registry.resolve(name));
        let models: Vec<_> = known.filter(|model| model.purpose() == self.purpose).collect();
        for model in models {
            // A local model that was only a substitute becomes a fallback.
            self.models.retain(|(standing, other)| {
                *standing != Standing::Substitute || other.id != model.id
            });
            self.add(Standing::Fallback, model);
        }
        self
    }

    /// The model that was named and no other, for whoever asks what that one can; `None` for `auto`.
    #[must_use]
    pub fn alone(mut self) -> Option<Self> {
        self.models.retain(|(standing, _)| *standing == Standing::Requested);
        (!self.models.is_empty()).then_some(self)
    }

    fn add(&mut self, standing: Standing, model: &'r Model) {
        if self.models.iter().all(|(_, other)| other.id != model.id) {
            self.models.push((standing, model));
        }
    }

    /// The name as the request gave it.
    pub fn asked(&self) -> &str {
        &self.asked
    }

    pub(crate) const fn registry(&self) -> &'r Registry {
        self.registry
    }

    /// What models must be for.
    pub(crate) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// How `auto` chooses; `None` where a model was named.
    pub const fn variant(&self) -> Option<Variant> {
        self.variant
    }

    /// The model that was named; `None` for `auto`.
    pub fn requested(&self) -> Option<&'r Model> {
        let requested = |(standing, _): &&(Standing, _)| *standing == Standing::Requested;
        self.models.iter().find(requested).map(|(_, model)| *model)
    }

    /// Every model that could serve, each once: what policy must be asked about. Local models that
    /// only may stand in when policy says so are among them.
    pub fn all(&self) -> impl Iterator<Item = &'r Model> {
        self.models.iter().map(|(_, model)| *model)
    }

    /// The models with their standing, in the order of declaration.
    pub(crate) fn ranked(&self) -> &[(Standing, &'r Model)] {
        &self.models
    }
}

impl Variant {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Balanced),
            "auto:cheap" => Some(Self::Cheap),
            "auto:fast" => Some(Self::Fast),
            "auto:local" => Some(Self::Local),
            "auto:best" => Some(Self::Best),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
