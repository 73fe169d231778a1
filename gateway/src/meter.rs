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
mod tests {
    use budget::{Asked, Fees, SearchFee};
    use types::NanosPerMillion;

    use super::*;

    fn metered(input: u64, output: u64, hides: bool) -> Meter {
        Meter::new(Extent::text(input, output, 1), hides)
    }

    fn text(text: &str) -> Event {
        Event::Delta { choice: 0, piece: Piece::Text(text.to_owned()), logprobs: None }
    }

    #[test]
    fn without_a_report_a_byte_counts_as_a_token_up_to_the_limit() {
        let mut meter = metered(100, 50, false);
        meter.observe(&text("hello"));
        assert_eq!(
            meter.counted(false),
            Usage { input: 100, output: 5, counted: true, ..Usage::default() }
        );
        assert_eq!(meter.counted(true).output, 50);
    }

    #[test]
    fn a_later_report_never_lowers_an_earlier_one() {
        let mut meter = metered(1, 1, false);
        meter.observe(&Event::Usage(Usage { input: 10, output: 1, ..Usage::default() }));
        meter.observe(&Event::Usage(Usage { output: 7, ..Usage::default() }));
        assert_eq!(meter.reported(), Some(Usage { input: 10, output: 7, ..Usage::default() }));
    }

    #[test]
    fn a_model_that_may_think_unseen_is_counted_at_its_limit() {
        let mut meter = metered(100, 50, true);
        meter.observe(&text("hello"));
        assert_eq!((meter.counted(false).output, meter.counted(true).output), (50, 50));
        // One that shows that it thinks is one, whatever it is registered as.
        let mut meter = metered(100, 50, false);
        let thought = Piece::Reasoning("Hm.".to_owned());
        meter.observe(&Event::Delta { choice: 0, piece: thought, logprobs: None });
        assert_eq!((meter.hides(), meter.counted(false).output), (true, 50));
    }

    #[test]
    fn a_report_of_less_than_what_came_is_not_believed() {
        let mut meter = metered(100, 50, false);
        for _ in 0..5 {
            meter.observe(&text("word "));
        }
        let usage = |output| Usage { input: 10, output, ..Usage::default() };
        meter.observe(&Event::Usage(usage(0)));
        assert_eq!(meter.reported(), Some(Usage { counted: true, ..usage(5) }));
        meter.observe(&Event::Usage(usage(6)));
        assert_eq!(meter.reported(), Some(usage(6)));
    }

    #[test]
    fn what_was_counted_in_the_vocabulary_is_charged_for_a_whole_answer_that_hides_nothing() {
        let tokenizer = Some(Tokenizer::O200kBase);
        let counted = |mut meter: Meter, sum: Sum, cut: bool| {
            meter.observe(&text("hello, world"));
            meter.sum_up(Some(sum));
            let usage = meter.counted(cut);
            (usage.input, usage.output, usage.tokenizer)
        };
        let sum = |input, output| Sum { input, output, exactly: tokenizer };
        assert_eq!(counted(metered(100, 50, false), sum(9, 4), false), (9, 4, tokenizer));
        // Never beyond what was held, and then it is no longer the count.
        assert_eq!(counted(metered(8, 3, false), sum(9, 4), false), (8, 3, None));
        // Of a stream that was cut, and of a model that thinks, nobody knows.
        assert_eq!(counted(metered(100, 50, false), sum(9, 4), true), (100, 50, None));
        assert_eq!(counted(metered(100, 50, true), sum(9, 4), false), (100, 50, None));
        // More pieces than tokens: it did not sample as the vocabulary cuts.
        let mut meter = metered(100, 50, false);
        (0..7).for_each(|_| meter.observe(&text("h")));
        assert_eq!(counted(meter, sum(9, 4), false), (9, 8, None));
        let bound = Sum { exactly: None, ..sum(9, 4) };
        assert_eq!(counted(metered(100, 50, false), bound, false), (9, 4, None));
    }

    #[test]
    fn nothing_is_counted_where_the_provider_tells_or_hides() {
        let with = |hides| metered(100, 50, hides).with(Some(Tokenizer::O200kBase));
        assert!(with(false).take_tally().is_some());
        assert!(with(true).take_tally().is_none());
        assert!(metered(100, 50, false).take_tally().is_none());
        let mut told = with(false);
        told.observe(&Event::Usage(Usage { input: 1, output: 1, ..Usage::default() }));
        assert!(told.take_tally().is_none());
        let mut thinks = with(false);
        let thought = Piece::Reasoning("Hm.".to_owned());
        thinks.observe(&Event::Delta { choice: 0, piece: thought, logprobs: None });
        assert!(thinks.take_tally().is_none());
    }

    fn started(tier: &str) -> Event {
        Event::Start {
            id: String::new(),
            created: 0,
            model: String::new(),
            system_fingerprint: None,
            service_tier: Some(tier.to_owned()),
        }
    }

    /// A price whose priority class is dearer and whose flex class is cheaper, with every fee.
    fn price() -> Price {
        let flat =
            |nanos| Price::flat("p", NanosPerMillion(nanos), NanosPerMillion(nanos)).standard;
        let (flex, priority) = (ServiceClass::Flex, ServiceClass::Priority);
        let search = SearchFee { each: Nanos(1), searches_max: 3, tokens_max: 9 };
        let (image, second) = (Nanos(1), Nanos(1));
        Price {
            classes: [(flex, flat(5)), (priority, flat(20))].into(),
            auto: vec![flex, priority],
            fees: Fees { image, second, search: Some(search), ..Fees::default() },
            ..Price::flat("p", NanosPerMillion(10), NanosPerMillion(10))
        }
    }

    #[test]
    fn a_class_is_charged_that_the_provider_named_else_the_dearest_it_may_be() {
        let used = Usage { input: 9, output: 9, ..Usage::default() };
        let charged = |asked, tier: Option<&str>| {
            let mut meter = Meter::new(Extent { asked, ..Extent::text(9, 9, 1) }, false);
            meter.observe(&Event::Usage(used));
            tier.into_iter().for_each(|tier| meter.observe(&started(tier)));
            meter.priced(&price(), used, 1).class
        };
        use ServiceClass::{Flex, Priority, Standard};
        assert_eq!(charged(Asked::Auto, Some("default")), Standard);
        assert_eq!(charged(Asked::Auto, Some("priority")), Priority);
        assert_eq!(charged(Asked::Auto, Some("scale")), Priority);
        assert_eq!(charged(Asked::Auto, None), Priority);
        assert_eq!(charged(Asked::Only(Standard), None), Standard);
        assert_eq!(charged(Asked::Only(Flex), None), Standard);
        assert_eq!(charged(Asked::Only(Flex), Some("flex")), Flex);
        // What a provider says stands, also where nobody asked for it.
        assert_eq!(charged(Asked::Only(Standard), Some("priority")), Priority);
        let whole = ChatAnswer { service_tier: Some("flex".into()), ..ChatAnswer::default() };
        let mut meter = Meter::new(Extent::text(9, 9, 1), false);
        meter.observe_answer(&whole);
        assert_eq!(meter.priced(&price(), used, 1).class, Flex);
    }

    #[test]
    fn what_no_provider_reports_is_charged_as_it_was_given_and_measured() {
        let extent = Extent { images: 2, searches: true, ..Extent::text(9, 9, 1) };
        let meter = Meter::new(extent, false);
        let used = meter.priced(&price(), Usage { input: 9, ..Usage::default() }, 7);
        assert_eq!((used.images, used.searches, used.seconds), (2, 3, 7));
        // Time that is not paid for is not kept.
        let used = meter.priced(&Price::free(), Usage::default(), 7);
        assert_eq!((used.images, used.searches, used.seconds), (2, 0, 0));
    }

    #[test]
    fn a_provider_beyond_the_limit_is_noticed() {
        let mut meter = metered(1, 10, false);
        for _ in 0..10 {
            meter.observe(&text("word "));
        }
        assert!(!meter.beyond_limit());
        for _ in 0..10 {
            meter.observe(&text("word "));
        }
        assert!(meter.beyond_limit());
        let mut meter = metered(1, 10, false);
        meter.observe(&text(&"x".repeat(10_000)));
        assert!(meter.beyond_limit());
        assert_eq!(meter.counted(true).output, 10_000 / TOKEN_BYTES_MAX);
    }
}
