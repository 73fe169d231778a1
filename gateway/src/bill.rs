//! The money of one attempt, from its hold to its one settlement.
//!
//! INVARIANT: a bill is closed exactly once. One that is dropped open (the drain's end, a panic)
//! closes itself with the whole hold, in a task that nobody's leaving ends.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use budget::{Basis, Price};
use store::ledger::{Ended, Error, Ledger, Settlement};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use types::{
    HoldId, Nanos,
    answer::{Event, Piece, Usage},
    audit::Record,
};

use crate::{
    ask::OVERTAKEN,
    leases::Lease,
    limits::Tokens,
    meter::Meter,
    metrics, span,
    trail::{Completion, Ending, Found},
};

/// Progress is journaled at least this often while tokens flow.
const PROGRESS_PERIOD: Duration = Duration::from_secs(2);
/// And after this many output tokens.
const PROGRESS_TOKENS: u64 = 256;
/// The longest transcript of an answer, so that its record stays within the audit's bound.
pub(crate) const TRANSCRIPT_BYTES_MAX: usize = 96 << 10;
/// How often a settlement is tried before it is left to the reaper.
const SETTLE_TRIES: u32 = 8;

/// An open hold and what has been used of it.
///
/// Its lease is renewed for as long as it is open, also while the provider says nothing: the reaper
/// must not charge a call that runs.
pub(crate) struct Bill {
    ledger: Ledger,
    tasks: TaskTracker,
    hold: HoldId,
    amount: Nanos,
    price: Arc<Price>,
    /// What the model costs that routing is compared with, where that is another one.
    beside: Option<Arc<Price>>,
    pub(crate) meter: Meter,
    pub(crate) provider: String,
    pub(crate) model: String,
    attempt: String,
    opened: Instant,
    /// How long it took, once that was asked for: the caller is told what is charged.
    took: OnceLock<Duration>,
    noted: (Instant, u64),
    /// Renewed until the bill is closed.
    _lease: Lease,
    open: bool,
    /// What the completion record is made of; `None` without a caller.
    ending: Option<Ending>,
    /// The answer's text, where policy wants it recorded.
    transcript: Option<String>,
    /// SHA-256 of what the caller got of the answer's body, in hexadecimal.
    pub(crate) output_hash: Option<String>,
    /// What was found in the answer, if anything was.
    pub(crate) findings: Option<Found>,
    tokens: [Option<Arc<Tokens>>; 2],
}

/// What is known about the use when a bill is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// The answer came to its end.
    Whole,
    /// It was cut: more may have been generated than came through.
    Cut,
    /// The provider refused before it did anything.
    Refused,
    /// Nothing: it may have done all that was asked.
    Nothing,
    /// No provider was asked: an answer was given again that had cost so much.
    Given(Nanos),
}

/// What a bill is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) hold: HoldId,
    pub(crate) amount: Nanos,
    pub(crate) price: Arc<Price>,
    /// What the model costs that routing is compared with, where that is another one.
    pub(crate) beside: Option<Arc<Price>>,
    pub(crate) meter: Meter,
    pub(crate) provider: &'a str,
    pub(crate) model: &'a str,
    pub(crate) attempt: String,
    pub(crate) lease: Lease,
    /// What the record of the request's end needs of its story.
    pub(crate) ending: Option<Ending>,
    /// Whether policy wants the answer recorded in full.
    pub(crate) transcribe: bool,
    /// What was taken of the caller's and of the model's limits of tokens.
    pub(crate) tokens: [Option<Arc<Tokens>>; 2],
}

impl Bill {
    pub(crate) fn open(ledger: Ledger, tasks: TaskTracker, opening: Opening<'_>) -> Self {
        Self {
            ledger,
            tasks,
            _lease: opening.lease,
            hold: opening.hold,
            amount: opening.amount,
            price: opening.price,
            beside: opening.beside,
            meter: opening.meter,
            provider: opening.provider.to_owned(),
            model: opening.model.to_owned(),
            attempt: opening.attempt,
            opened: Instant::now(),
            took: OnceLock::new(),
            noted: (Instant::now(), 0),
            open: true,
            ending: opening.ending,
            transcript: opening.transcribe.then(String::new),
            output_hash: None,
            findings: None,
            tokens: opening.tokens,
        }
    }

    /// What is held for it.
    pub(crate) const fn amount(&self) -> Nanos {
        self.amount
    }

    /// Keeps a piece of the answer, where policy wants it recorded.
    pub(crate) fn transcribe(&mut self, event: &Event) {
        let Event::Delta { piece, .. } = event else { return };
        match piece {
            Piece::Role | Piece::Opaque(_) => {}
            Piece::Text(text) | Piece::Refusal(text) | Piece::Reasoning(text) => {
                self.write_down(text)
            }
            Piece::ToolCall { name, arguments, .. } => {
                self.write_down(name.as_deref().unwrap_or_default());
                self.write_down(arguments);
            }
        }
    }

    /// Adds to the transcript, up to its bound.
    pub(crate) fn write_down(&mut self, text: &str) {
        if let Some(transcript) = &mut self.transcript {
            let room = TRANSCRIPT_BYTES_MAX.saturating_sub(transcript.len());
            let end = text.floor_char_boundary(room.min(text.len()));
            transcript.push_str(text.get(..end).unwrap_or_default());
        }
    }

    /// Journals progress when it is due. Does not wait for the disk.
    pub(crate) fn note_progress(&mut self) {
        let tokens = self.meter.output_upper();
        let (at, before) = self.noted;
        if at.elapsed() < PROGRESS_PERIOD && tokens.saturating_sub(before) < PROGRESS_TOKENS {
            return;
        }
        self.noted = (Instant::now(), tokens);
        let (ledger, hold) = (self.ledger.clone(), self.hold);
        self.tasks.spawn(async move {
            // What a crash settles stays the whole hold: a fast provider has sent, and billed, far
            // more than was read when the note was written, and buffers hold any answer.
            if ledger.progress(hold, tokens, None).await.is_err() {
                metrics::UNWRITTEN.with_label_values(&["progress"]).inc();
            }
        });
    }

    /// The usage of a whole answer as the caller hears it: what is charged.
    pub(crate) fn told(&self) -> Usage {
        self.meter.reported().unwrap_or_else(|| self.meter.counted(false))
    }

    /// What would be charged now, and the tokens where they are known.
    pub(crate) fn cost(&self, known: Known) -> (Nanos, Option<Usage>) {
        let (cost, _, usage) = self.charge(known);
        (cost, usage)
    }

    /// Closes the bill: the settlement and the completion record are written in one transaction. What cannot be
    /// written down at once is left to a task of its own.
    pub(crate) fn close(mut self, known: Known, outcome: &str) {
        let (cost, basis, usage) = self.charge(known);
        span::charged(&self.model, cost, basis.as_str(), usage, outcome);
        self.settle(known, outcome);
    }

    fn settle(&mut self, known: Known, outcome: &str) {
        self.open = false;
        let (actual, basis, usage) = self.charge(known);
        let tokens = usage.map(|usage| usage.input.saturating_add(usage.output));
        let unused = matches!(known, Known::Refused | Known::Given(_));
        let used = if unused { Some(0) } else { tokens };
        self.tokens.iter().flatten().for_each(|tokens| tokens.used(used));
        let (took_ms, saved) = match known {
            // It tells nothing of how fast the model is.
            Known::Given(cost) => (None, cost),
            Known::Whole | Known::Cut | Known::Refused | Known::Nothing => {
                let took_ms = u64::try_from(self.opened.elapsed().as_millis()).ok();
                let saved = usage.map(|usage| budget::saved(&self.price, &usage));
                (took_ms, saved.unwrap_or_default())
            }
        };
        let ended = ended(outcome);
        let beside = self.beside.as_ref().filter(|_| !unused).zip(usage);
        let routed =
            beside.map_or(Nanos::ZERO, |(beside, usage)| budget::routed(beside, &usage, actual));
        let settlement = Settlement { actual, usage, basis, ended, took_ms, saved, routed };
        self.count(&settlement);
        let completion = Completion {
            outcome,
            model: &self.model,
            provider: &self.provider,
            attempt: &self.attempt,
            cost: actual,
            basis: basis.as_str(),
            usage,
            output_hash: self.output_hash.as_deref(),
            findings: self.findings.as_ref(),
            answer: self.transcript.as_deref(),
        };
        let ending = self.ending.as_ref();
        let record = ending.map(|ending| ending.completion(&completion));
        if self.ledger.settle_now(self.hold, settlement, record.as_ref()).is_some() {
            return;
        }
        // Only a transcript can make it too long.
        let plain = ending
            .filter(|_| completion.answer.is_some())
            .map(|ending| ending.completion(&Completion { answer: None, ..completion }));
        self.tasks.spawn(settle(self.ledger.clone(), self.hold, settlement, [record, plain]));
    }

    /// The charge by what is known: the provider's word, what was counted, or the whole hold.
    fn charge(&self, known: Known) -> (Nanos, Basis, Option<Usage>) {
        match (known, self.meter.reported()) {
            (Known::Refused, _) => (Nanos::ZERO, Basis::Counted, None),
            (Known::Given(_), _) => (Nanos::ZERO, Basis::Cached, None),
            (Known::Nothing, _) => (self.amount, Basis::WorstCase, None),
            (Known::Whole, Some(usage)) => {
                let basis = if usage.counted { Basis::Counted } else { Basis::Provider };
                self.priced(usage, basis)
            }
            // A model that thinks unseen may have used all that was held, and a report from before
            // the cut knows nothing of what came after it.
            (Known::Whole | Known::Cut, _) if self.meter.hides() => {
                let counted = || self.priced(self.meter.counted(true), Basis::Counted).0;
                let seen = if self.meter.beyond_limit() { counted() } else { Nanos::ZERO };
                (self.amount.max(seen), Basis::WorstCase, None)
            }
            (Known::Whole | Known::Cut, reported) => {
                let mut usage = self.meter.counted(known == Known::Cut);
                if let Some(reported) = reported {
                    // The input is known from the stream's start; the output is not.
                    let output = reported.output.max(usage.output);
                    usage = Usage { output, counted: true, ..reported };
                }
                // What was counted lies within the hold, unless the provider broke the limit before
                // our eyes: then the excess must show as overrun.
                let beyond = self.meter.beyond_limit();
                let (cost, basis, usage) = self.priced(usage, Basis::Counted);
                let cost = if beyond { cost } else { cost.min(self.amount) };
                (cost, basis, usage)
            }
        }
    }

    /// What a usage costs. One that has no price, as the provider billed what nobody asked for, is
    /// charged the whole hold.
    fn priced(&self, usage: Usage, basis: Basis) -> (Nanos, Basis, Option<Usage>) {
        let took = *self.took.get_or_init(|| self.opened.elapsed());
        let seconds = took.as_secs().saturating_add(u64::from(took.subsec_nanos() > 0));
        let usage = self.meter.priced(&self.price, usage, seconds);
        match budget::cost(&self.price, &usage) {
            Ok(cost) => (cost, basis, Some(usage)),
            Err(unpriced) => {
                let (model, price) = (&self.model, &self.price.id);
                tracing::error!(%model, %price, %unpriced, "a call is charged its whole hold");
                (self.amount, Basis::WorstCase, Some(usage))
            }
        }
    }

    fn count(&self, settlement: &Settlement) {
        let &Settlement { actual, usage, saved, .. } = settlement;
        let nanos = |amount: Nanos| u64::try_from(amount.0).unwrap_or(0);
        let labels = [&self.provider, &self.model];
        metrics::SPEND.with_label_values(&labels).inc_by(nanos(actual));
        metrics::SAVED.with_label_values(&labels).inc_by(nanos(saved));
        if actual > self.amount {
            metrics::OVERRUNS.inc();
            tracing::error!(
                model = %self.model, provider = %self.provider, hold = %self.hold,
                "a call cost more than was held for it: the provider broke the limit that was sent"
            );
        }
        let usage = usage.unwrap_or_default();
        for (kind, tokens) in [
            ("input", usage.input),
            ("cached", usage.cached),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
        ] {
            metrics::TOKENS.with_label_values(&[kind]).inc_by(tokens);
        }
    }
}

impl Drop for Bill {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // Nobody read the stream to its end, so nobody knows what the provider did: as after a
        // crash, the whole hold is charged.
        self.output_hash = None;
        self.settle(Known::Nothing, "aborted");
    }
}

/// Settles a hold with the record of its end, again and again while the ledger is away. The second record
/// takes the place of the first where that is too large.
pub(crate) async fn settle(
    ledger: Ledger,
    hold: HoldId,
    settlement: Settlement,
    [mut record, mut plain]: [Option<Record>; 2],
) {
    let mut pause = Duration::from_millis(250);
    for _ in 0..SETTLE_TRIES {
        match ledger.settle(hold, settlement, record.clone()).await {
            Ok(_) => return,
            Err(Error::Unavailable { .. }) => tokio::time::sleep(pause).await,
            // The money must not be lost for the sake of its record: a text grows when it
            // is escaped, so it may be too long after all.
            Err(error @ Error::Record(_)) => {
                tracing::error!(%hold, %error, "a record is written without the answer");
                metrics::UNWRITTEN.with_label_values(&["transcript"]).inc();
                record = plain.take();
                continue;
            }
            Err(error) => {
                tracing::error!(%hold, %error, "a settlement was refused");
                break;
            }
        }
        pause = (pause * 2).min(Duration::from_secs(8));
    }
    metrics::UNWRITTEN.with_label_values(&["settlement"]).inc();
}

/// How an attempt ended for reports, by the outcome that its record has.
fn ended(outcome: &str) -> Ended {
    match outcome {
        "ok" | "limit_ignored" => Ended::Answered,
        // One that was overtaken was left too: by the gateway, for another model's answer.
        "caller_left" | OVERTAKEN => Ended::Left,
        _ => Ended::Failed,
    }
}
