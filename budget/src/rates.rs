//! What a million tokens of each kind cost.

use types::NanosPerMillion;

types::names! {
    /// Kinds of tokens that may have a rate of their own.
    Kind {
        /// Input that no other kind covers.
        Input = "input",
        /// Input read from the provider's cache.
        CachedInput = "cached_input",
        /// Input written to the provider's cache; often dearer than plain input.
        CacheWrite = "cache_write",
        /// Input written to the provider's cache to be kept for an hour, where that costs more.
        CacheWrite1h = "cache_write_1h",
        /// Input of images.
        ImageInput = "image_input",
        /// Input of audio.
        AudioInput = "audio_input",
        /// Input of audio read from the provider's cache.
        CachedAudio = "cached_audio",
        /// Output that no other kind covers.
        Output = "output",
        /// Output spent on reasoning.
        Reasoning = "reasoning",
        /// Output of images.
        ImageOutput = "image_output",
        /// Output of audio.
        AudioOutput = "audio_output",
    }
}

/// Rates by kind of token, each in nano-dollars per million. A kind without a rate cannot be paid
/// for: it is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates([Option<NanosPerMillion>; Kind::ALL.len()]);

impl Rates {
    /// No rate at all.
    pub const NONE: Self = Self([None; Kind::ALL.len()]);

    /// Rates of a model that reads text and images and writes text, where every kind of input costs
    /// the same, and every kind of output.
    pub fn text(input: NanosPerMillion, output: NanosPerMillion) -> Self {
        let rates = Self::input_only(input).with(Kind::ImageInput, input);
        rates.with(Kind::Output, output).with(Kind::Reasoning, output)
    }

    /// Rates of a model that reads text and writes none, such as one for embeddings.
    pub fn input_only(input: NanosPerMillion) -> Self {
        let rates = Self::NONE.with(Kind::Input, input);
        let rates = rates.with(Kind::CachedInput, input);
        rates.with(Kind::CacheWrite, input).with(Kind::CacheWrite1h, input)
    }

    /// These rates with another for one kind.
    #[must_use]
    pub fn with(mut self, kind: Kind, rate: NanosPerMillion) -> Self {
        self.set(kind, Some(rate));
        self
    }

    /// Sets the rate of one kind.
    pub fn set(&mut self, kind: Kind, rate: Option<NanosPerMillion>) {
        if let Some(place) = self.0.get_mut(kind as usize) {
            *place = rate;
        }
    }

    /// The rate of a kind, if it has one.
    pub fn get(&self, kind: Kind) -> Option<NanosPerMillion> {
        self.0.get(kind as usize).copied().flatten()
    }

    /// Every kind that has a rate, with it.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, NanosPerMillion)> {
        Kind::ALL.iter().filter_map(|kind| self.get(*kind).map(|rate| (*kind, rate)))
    }
}
