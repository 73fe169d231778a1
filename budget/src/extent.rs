//! How far a call can reach: the most that it may use of everything that has a price.

use types::{
    ServiceClass,
    chat::{ChatRequest, Part},
};

use crate::{price::Price, rates::Kind};

/// The most that one call may use. [`crate::bound`] is what that costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Input tokens, those of images and audio included.
    pub input: u64,
    /// Output tokens for each choice.
    pub output: u64,
    /// Choices; none counts as one.
    pub choices: u32,
    /// Whether the provider is asked to keep input in its cache for an hour.
    pub cache_1h: bool,
    /// Images given.
    pub images: u64,
    /// Whether the input may have audio.
    pub audio_input: bool,
    /// Whether the output may have audio.
    pub audio_output: bool,
    /// Whether the output may have images.
    pub image_output: bool,
    /// Whether the provider may search.
    pub searches: bool,
    /// The classes of service that it may be billed in.
    pub asked: Asked,
    /// The time limit, in seconds.
    pub seconds: u64,
}

/// The class of service that a request asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Asked {
    /// None: the provider chooses, by the settings of its customer's project: see [`Price::auto`].
    #[default]
    Auto,
    /// This one. A provider that has no room in it answers in the standard class and says so.
    Only(ServiceClass),
}

impl Asked {
    /// The classes that a call may be billed in at a price, with whether they must have one. What
    /// nobody asked for and has no price is not to be had of this model.
    pub(crate) fn billed(self, price: &Price) -> impl Iterator<Item = (ServiceClass, bool)> {
        let (class, auto) = match self {
            Self::Auto => (None, price.auto.as_slice()),
            Self::Only(class) => (Some(class), [].as_slice()),
        };
        let named = class.filter(|class| *class != ServiceClass::Standard);
        let needed = named.into_iter().chain([ServiceClass::Standard]).map(|class| (class, true));
        needed.chain(auto.iter().map(|class| (*class, false)))
    }
}

impl Extent {
    /// Of a call that reads and writes text.
    pub fn text(input: u64, output: u64, choices: u32) -> Self {
        Self { input, output, choices, ..Self::default() }
    }

    /// Of a request with so many input tokens at most, before its output limit is known.
    ///
    /// # Errors
    /// The name of a field whose cost nobody can bound: a stored prediction is billed beyond the
    /// output limit, and a tier or an output that we do not know at a rate that we do not know.
    pub fn of(request: &ChatRequest, input: u64) -> Result<Self, String> {
        let mut extent = Self::text(input, 0, request.choices);
        let parts = request.messages.iter().flat_map(|message| &message.content);
        let images = parts.filter(|part| matches!(part, Part::Image(_))).count();
        extent.images = u64::try_from(images).unwrap_or(u64::MAX);
        extent.cache_1h = request.caches_for_an_hour();
        for (name, value) in request.extra.iter().filter(|(_, value)| !value.is_null()) {
            let understood = match name.as_str() {
                "prediction" => false,
                "audio" => {
                    extent.audio_output = true;
                    true
                }
                "web_search_options" => {
                    extent.searches = true;
                    true
                }
                "modalities" => {
                    let kinds = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    let has = |kind: &str| kinds.iter().any(|k| k == kind);
                    extent.audio_output |= has("audio");
                    extent.image_output |= has("image");
                    value.is_array()
                        && kinds.iter().all(|k| k == "text" || k == "audio" || k == "image")
                }
                "service_tier" => match value.as_str() {
                    Some("auto") => true,
                    tier => {
                        let class = tier.and_then(ServiceClass::of_tier);
                        extent.asked = class.map_or(Asked::Auto, Asked::Only);
                        class.is_some()
                    }
                },
                _ => true,
            };
            if !understood {
                return Err(name.clone());
            }
        }
        Ok(extent)
    }

    /// The same at a model with this context, in tokens: it takes no more input than that.
    #[must_use]
    pub fn within(self, context: u64) -> Self {
        Self { input: self.input.min(context), ..self }
    }

    /// Kinds of input that it may have.
    pub(crate) fn input_kinds(&self) -> impl Iterator<Item = Kind> {
        let text = [Kind::Input, Kind::CachedInput, Kind::CacheWrite];
        let images = [Kind::ImageInput];
        let audio = [Kind::AudioInput, Kind::CachedAudio];
        let images = images.into_iter().filter(|_| self.images > 0);
        let kept = [Kind::CacheWrite1h].into_iter().filter(|_| self.cache_1h);
        text.into_iter()
            .chain(kept)
            .chain(images)
            .chain(audio.into_iter().filter(|_| self.audio_input))
    }

    /// Kinds of output that it may have.
    pub(crate) fn output_kinds(&self) -> impl Iterator<Item = Kind> {
        let kinds = [
            (Kind::Output, true),
            (Kind::Reasoning, true),
            (Kind::ImageOutput, self.image_output),
            (Kind::AudioOutput, self.audio_output),
        ];
        let any = self.output > 0;
        kinds.into_iter().filter(move |(_, may)| any && *may).map(|(kind, _)| kind)
    }
}
