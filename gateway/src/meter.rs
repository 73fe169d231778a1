//! What one attempt has used so far, as values: from the provider's word where it gives it, else
//! counted so that the charge cannot come out below the provider's bill.

use budget::{Extent, Price};
use types::{
    Nanos, ServiceClass, Tokenizer,
    answer::{ChatAnswer, Event, Piece, Usage},
};

use crate::tally::{Sum, Tally};

/// Output tokens that a provider may have generated beyond what reached us when a stream is cut:
/// what fits into socket buffers between two of our reads.
const IN_FLIGHT_TOKENS: u64 = 64;
/// Longest text that one token stands for, in bytes, with a margin: runs of spaces reach 128 in
/// current vocabularies.
const TOKEN_BYTES_MAX: u64 = 256;
/// Events beyond the limit that are forgiven: role, finish and usage events carry no token.
const LIMIT_SLACK: u64 = 8;

/// Counts one attempt.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    /// The most that the attempt may use; its output is the limit sent upstream.
    extent: Extent,
    /// The class of service that the provider says it served the call in.
    class: Option<ServiceClass>,
    /// Whether the model may think without showing it: then what came is no measure of the use.
    hides: bool,
    bytes: u64,
    pieces: u64,
    reported: Option<Usage>,
    /// What was said, where the model's vocabulary is known.
    tally: Option<Tally>,
    /// What all of it came to, once that is counted.
    sum: Option<Sum>,
}

impl Meter {
    pub(crate) const fn new(extent: Extent, hides: bool) -> Self {
        let (class, reported, tally, sum) = (None, None, None, None);
        Self { extent, class, hides, bytes: 0, pieces: 0, reported, tally, sum }
    }

    /// The same for a model with this vocabulary.
    pub(crate) fn with(self, tokenizer: Option<Tokenizer>) -> Self {
        Self { tally: tokenizer.filter(|_| !self.hides).map(Tally::new), ..self }
    }

    /// What was said, where that must be counted for want of the provider's word.
    pub(crate) fn take_tally(&mut self) -> Option<Tally> {
        self.tally.take().filter(|_| self.reported.is_none() && !self.hides)
    }

    /// Takes note of what a whole call comes to.
    pub(crate) const fn sum_up(&mut self, sum: Option<Sum>) {
        self.sum = sum;
    }

    /// The usage as its price needs it, where the attempt took so many seconds: with what no provider
    /// reports. Where it does not say in which class it served the call, the dearest is charged.
    pub(crate) fn priced(&self, price: &Price, usage: Usage, seconds: u64) -> Usage {
        let timed = price.fees.second > Nanos::ZERO;
        let searches = price.fees.search.filter(|_| self.extent.searches);
        let usage = Usage {
            images: self.extent.images,
            searches: searches.map_or(0, |fee| fee.searches_max).max(usage.searches),
            seconds: if timed { seconds } else { 0 },
            ..usage
        };
        let dearest = || budget::dearest_class(price, &usage, self.extent.asked);
        Usage { class: self.class.unwrap_or_else(dearest), ..usage }
    }

    /// The output limit sent upstream, over all choices.
    fn output_limit(&self) -> u64 {
        self.extent.output.saturating_mul(u64::from(self.extent.choices.max(1)))
    }

    /// Takes note of one event of a stream.
    pub(crate) fn observe(&mut self, event: &Event) {
        match event {
            Event::Delta { choice, piece, .. } => self.observe_piece(*choice, piece),
            Event::Usage(usage) => self.report(*usage),
            Event::Start { service_tier, .. } => self.served_in(service_tier.as_deref()),
            Event::Finish { .. } | Event::Failed { .. } => {}
        }
    }

    /// Takes note of a whole answer.
    pub(crate) fn observe_answer(&mut self, answer: &ChatAnswer) {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        for choice in &answer.choices {
            let calls = choice.tool_calls.iter().map(|c| c.name.len() + c.arguments.len() + 16);
            let thought: usize = choice.reasoning.iter().map(|item| text(&item.text)).sum();
            let all = text(&choice.text) + text(&choice.refusal) + thought + calls.sum::<usize>();
            self.bytes = self.bytes.saturating_add(all as u64);
            self.pieces = self.pieces.saturating_add(1);
            self.hides |= !choice.reasoning.is_empty();
            if let Some(tally) = &mut self.tally {
                tally.observe_choice(choice);
            }
        }
        self.observe_usage(answer.usage);
        self.served_in(answer.service_tier.as_deref());
    }

    /// Takes note of what the provider says of a whole answer that has no text.
    pub(crate) fn observe_usage(&mut self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            self.report(usage);
        }
    }

    fn served_in(&mut self, tier: Option<&str>) {
        self.class = tier.and_then(ServiceClass::of_tier).or(self.class);
    }

    /// Output tokens so far: at least this many, at most one a byte.
    pub(crate) fn output_upper(&self) -> u64 {
        self.reported.map_or(0, |usage| usage.output).max(self.bytes.max(self.pieces))
    }

    /// Whether the provider goes beyond the limit that was sent. A piece carries at least one
    /// token, and a token stands for a bounded number of bytes; nothing more can be known without
    /// the model's own vocabulary.
    pub(crate) fn beyond_limit(&self) -> bool {
        self.surely() > self.output_limit().saturating_add(LIMIT_SLACK)
    }

    /// Output tokens that came for certain, whatever the model's vocabulary.
    fn surely(&self) -> u64 {
        self.pieces.max(self.bytes / TOKEN_BYTES_MAX)
    }

    /// Whether the provider's own figure is beyond the limit that was sent.
    pub(crate) fn reported_beyond_limit(&self) -> bool {
        self.reported.is_some_and(|usage| usage.output > self.output_limit())
    }

    /// The provider's word, if it gave one. Where that is less than what came for certain, what came
    /// is charged.
    pub(crate) fn reported(&self) -> Option<Usage> {
        let reported = self.reported?;
        let output = reported.output.max(self.surely());
        Some(Usage { output, counted: output > reported.output, ..reported })
    }

    /// Whether more may have been used than can be counted.
    pub(crate) const fn hides(&self) -> bool {
        self.hides
    }

    /// What is charged where the provider gave no usage: what was counted in the model's vocabulary, else
    /// a token for each byte; the limit, where the model may have thought up to it. `cut` says that the
    /// stream was stopped, so that more may have been generated than came through.
    pub(crate) fn counted(&self, cut: bool) -> Usage {
        let in_flight = if cut { IN_FLIGHT_TOKENS } else { 0 };
        // What came for certain beyond the limit is on the provider's bill, limit or not.
        let most = self.output_limit().max(self.surely());
        let seen = self.output_upper().saturating_add(in_flight).min(most);
        if let Some(sum) = self.sum.filter(|_| !cut && !self.hides) {
            let input = sum.input.min(self.extent.input);
            // One that samples other tokens than its vocabulary would cut bills those.
            let output = sum.output.max(self.surely()).min(most);
            let tokenizer = sum.exactly.filter(|_| (input, output) == (sum.input, sum.output));
            return Usage { input, output, counted: true, tokenizer, ..Usage::default() };
        }
        let output = if self.hides { most } else { seen };
        Usage { input: self.extent.input, output, counted: true, ..Usage::default() }
    }

    fn observe_piece(&mut self, choice: u32, piece: &Piece) {
        if let Some(tally) = &mut self.tally {
            tally.observe(choice, piece);
        }
        // What a provider shows of its reasoning may be a summary.
        self.hides |= matches!(piece, Piece::Reasoning(_) | Piece::Opaque(_));
        let bytes = match piece {
            Piece::Role | Piece::Opaque(_) => return,
            Piece::Text(text) | Piece::Refusal(text) | Piece::Reasoning(text) => text.len(),
            Piece::ToolCall { name, arguments, .. } => {
                // Providers add a few tokens of their own around a call.
                arguments.len() + name.as_ref().map_or(0, |name| name.len() + 16)
            }
        };
        if bytes > 0 {
            self.bytes = self.bytes.saturating_add(bytes as u64);
            self.pieces = self.pieces.saturating_add(1);
        }
    }

    /// Usage is cumulative, and a later report may leave out what an earlier one said.
    fn report(&mut self, usage: Usage) {
        let known = self.reported.unwrap_or_default();
        self.reported = Some(Usage {
            input: usage.input.max(known.input),
            cached: usage.cached.max(known.cached),
            cache_write: usage.cache_write.max(known.cache_write),
            cache_write_1h: usage.cache_write_1h.max(known.cache_write_1h),
            audio_input: usage.audio_input.max(known.audio_input),
            cached_audio: usage.cached_audio.max(known.cached_audio),
            image_input: usage.image_input.max(known.image_input),
            output: usage.output.max(known.output),
            reasoning: usage.reasoning.max(known.reasoning),
            audio_output: usage.audio_output.max(known.audio_output),
            image_output: usage.image_output.max(known.image_output),
            searches: usage.searches.max(known.searches),
            ..Usage::default()
        });
    }
}

#[cfg(test)]
mod tests;
