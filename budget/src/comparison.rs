//! What a provider says it billed beside what we charged, bucket by bucket, and who is credited and
//! charged the difference.
//!
//! INVARIANT: nobody is credited below what the provider may have billed. Three things make it unsure
//! to which bucket a cost belongs, and what lies within them is left alone:
//! - a call that runs across an edge of a bucket, or comes near it, may be billed on either side of it;
//! - each of our rows is rounded up to a nano-dollar, and so is each of theirs;
//! - a price that depends on what an export does not tell: such a bucket is left out.
//!
//! What remains is put on the calls whose charge we know to be a guess. A credit goes to those first
//! that were charged an upper bound (the whole hold, or the reaper's figure), then to those that were
//! counted, in proportion to what each was charged and never below zero. A debit goes to those that
//! have room, in proportion to it: no call costs more than was held for it. What even that does not
//! explain is told and never booked, for nobody knows whose it is: calls that others make with the
//! same account of the provider, a price that is not ours, calls that we do not know of.

mod split;

use std::{collections::BTreeMap, time::Duration};

use types::{HoldId, Nanos, Timestamp};

use crate::{ledger::Basis, op::Share};
use split::split;

/// One call as the ledger has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its hold.
    pub hold: HoldId,
    /// When the hold was made: right before the call went out.
    pub started: Timestamp,
    /// When it was first charged: at its end or after it.
    pub ended: Timestamp,
    /// All that it was charged, overrun and corrections included.
    pub charged: Nanos,
    /// The same without the share of an export. What runs across an edge is judged by it, so that a
    /// share that was given in one bucket does not change what is found in the next.
    pub before: Nanos,
    /// What was held for it, where that is still known.
    pub held: Option<Nanos>,
    /// How its charge is known, where that is a guess which no export has mended yet.
    pub guess: Option<Basis>,
}

/// Theirs and ours, by model and bucket.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// First instants and the first after them, in order.
    spans: Vec<(Timestamp, Timestamp)>,
    cells: BTreeMap<(String, usize), Cell>,
    /// How near to an edge a call may be billed on its other side, in microseconds.
    margin: i64,
    /// Whether there may be calls that the ledger does not know.
    incomplete: bool,
}

/// How near to a bucket's edge a call may be billed on its other side, where nobody says: a call that
/// its caller left or that was cut ends earlier for us than for the provider, and clocks differ.
pub const EDGE: Duration = Duration::from_secs(10 * 60);

/// One model in one bucket.
#[derive(Debug, Clone, Default)]
struct Cell {
    theirs: i128,
    lines: i128,
    ours: i128,
    calls: i128,
    /// What was charged for calls that began here and ended later, and for those that began earlier.
    leaves: i128,
    enters: i128,
    guesses: Vec<Call>,
}

/// What was found of one model, or of all together. Amounts of changes are negative for credits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Buckets that were compared.
    pub buckets: u64,
    /// What the provider billed.
    pub theirs: Nanos,
    /// What we charged.
    pub ours: Nanos,
    /// Of the differences of all buckets, whatever their sign, what is rounding or within what ran
    /// across an edge. It stays as it is.
    pub edges: Nanos,
    /// What calls are credited and charged that were counted.
    pub counted: Nanos,
    /// The same of calls that were charged their whole hold.
    pub worst_case: Nanos,
    /// The same of calls that the reaper charged.
    pub provisional: Nanos,
    /// What we charged beyond the provider's bill and nothing explains; below zero where the provider
    /// billed more.
    pub unexplained: Nanos,
    /// The differences of all buckets, whatever their sign.
    apart: i128,
    /// The part of them that nothing explains.
    open: i128,
}

/// The comparison, done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// By model.
    pub models: BTreeMap<String, Found>,
    /// Together.
    pub all: Found,
    /// Who is credited and charged what, by model and bucket.
    pub cells: Vec<Shares>,
}

/// Who is credited and charged what of one model in one bucket. They are right together only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// The model.
    pub model: String,
    /// The number of the bucket.
    pub bucket: usize,
    /// At least one.
    pub shares: Vec<Share>,
}

impl Findings {
    /// Every share.
    pub fn shares(&self) -> impl Iterator<Item = &Share> {
        self.cells.iter().flat_map(|cell| &cell.shares)
    }
}

impl Comparison {
    /// Of these buckets, in order, none of which reaches into another. A call that is within `edge` of
    /// the end of one, as [`EDGE`], may be billed on either side.
    pub fn new(spans: Vec<(Timestamp, Timestamp)>, edge: Duration) -> Self {
        let margin = i64::try_from(edge.as_micros()).unwrap_or(i64::MAX);
        Self { spans, cells: BTreeMap::new(), margin, incomplete: false }
    }

    /// Adds what the provider billed for a model in the bucket of that number.
    pub fn bill(&mut self, model: &str, bucket: usize, amount: Nanos) {
        let cell = self.cell(model, bucket);
        cell.theirs += i128::from(amount.0);
        cell.lines += 1;
    }

    /// Adds a call of ours. One that began in none of the buckets counts where it ran into them, or may
    /// have.
    pub fn charge(&mut self, model: &str, call: &Call) {
        let before = i128::from(call.before.0);
        let from = Timestamp(call.started.0.saturating_sub(self.margin));
        let to = Timestamp(call.ended.max(call.started).0.saturating_add(self.margin));
        let first = self.spans.partition_point(|(_, ends)| *ends <= from);
        for bucket in first..self.spans.len() {
            let Some(&(starts, ends)) = self.spans.get(bucket) else { return };
            if starts > to {
                return;
            }
            let cell = self.cell(model, bucket);
            if !(starts..ends).contains(&call.started) {
                cell.enters += before;
                continue;
            }
            cell.ours += i128::from(call.charged.0);
            cell.calls += 1;
            if from < starts || to >= ends {
                cell.leaves += before;
            }
            if call.guess.is_some() {
                cell.guesses.push(*call);
            }
        }
    }

    /// Leaves a model out in the bucket of that number; says whether anything of it was there.
    pub fn leave_out(&mut self, model: &str, bucket: usize) -> bool {
        self.cells.remove(&(model.to_owned(), bucket)).is_some()
    }

    /// Models with the numbers of buckets in which more calls than so many may have a share.
    pub fn crowded(&self, most: usize) -> Vec<(String, usize)> {
        let crowded = self.cells.iter().filter(|(_, cell)| cell.guesses.len() > most);
        crowded.map(|(key, _)| key.clone()).collect()
    }

    /// There may be calls that the ledger does not know: what the provider billed more is not put on
    /// those that it knows.
    pub fn set_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// Compares.
    pub fn finish(self) -> Findings {
        let mut findings = Findings::default();
        for ((model, bucket), cell) in self.cells {
            let mut shares = Vec::new();
            let found = cell.settle(!self.incomplete, &mut shares);
            findings.all.add(&found);
            findings.models.entry(model.clone()).or_default().add(&found);
            if !shares.is_empty() {
                findings.cells.push(Shares { model, bucket, shares });
            }
        }
        findings
    }

    fn cell(&mut self, model: &str, bucket: usize) -> &mut Cell {
        self.cells.entry((model.to_owned(), bucket)).or_default()
    }
}

impl Cell {
    fn settle(self, debits: bool, shares: &mut Vec<Share>) -> Found {
        let apart = self.ours - self.theirs;
        let (rounding, across) =
            if apart > 0 { (self.calls, self.leaves) } else { (self.lines, self.enters) };
        let edges = apart.abs().min(rounding + across);
        let mut rest = apart.abs() - edges;
        let mut found = Found { buckets: 1, ..Found::default() };
        if apart > 0 {
            for ranked in [&[Basis::WorstCase, Basis::Provisional][..], &[Basis::Counted]] {
                let of = |call: &&Call| call.guess.is_some_and(|guess| ranked.contains(&guess));
                let calls: Vec<&Call> = self.guesses.iter().filter(of).collect();
                rest -= found.spread(&calls, |call| call.charged.0, (rest, -1), shares);
            }
            if !shares.is_empty() {
                // What is too much of a provisional charge is in the credit of another: nobody may
                // take it back a second time.
                let stays = |call: &&Call| {
                    call.guess == Some(Basis::Provisional)
                        && shares.iter().all(|share| share.hold != call.hold)
                };
                let stay: Vec<_> = self.guesses.iter().filter(stays).collect();
                shares.extend(stay.iter().map(|c| Share::new(c.hold, c.charged, Nanos::ZERO)));
            }
        } else if debits {
            let room = |call: &Call| match call.charged {
                // The provider refused it, or it never went out.
                Nanos::ZERO => 0,
                charged => call.held.map_or(0, |held| held.0.saturating_sub(charged.0)),
            };
            let calls: Vec<&Call> = self.guesses.iter().collect();
            rest -= found.spread(&calls, room, (rest, 1), shares);
        }
        Found {
            theirs: nanos(self.theirs),
            ours: nanos(self.ours),
            edges: nanos(edges),
            unexplained: nanos(if apart > 0 { rest } else { -rest }),
            apart: apart.abs(),
            open: rest,
            ..found
        }
    }
}

impl Found {
    /// What we charged beyond what the provider billed; below zero where it billed more.
    pub fn difference(&self) -> Nanos {
        Nanos(self.ours.0.saturating_sub(self.theirs.0))
    }

    /// The part of the differences that is explained, in hundredths of a percent, rounded down. All
    /// of it where there is none.
    pub fn explained_basis_points(&self) -> u16 {
        let part = (self.apart - self.open) * 10_000;
        part.checked_div(self.apart).and_then(|part| u16::try_from(part).ok()).unwrap_or(10_000)
    }

    /// Spreads an amount over calls by weight, as far as it goes; says how far.
    fn spread(
        &mut self,
        calls: &[&Call],
        weight: impl Fn(&Call) -> i64,
        (amount, sign): (i128, i64),
        shares: &mut Vec<Share>,
    ) -> i128 {
        let weights: Vec<i64> = calls.iter().map(|call| weight(call).max(0)).collect();
        let mut spread = 0;
        for (call, part) in calls.iter().zip(split(amount, &weights)) {
            spread += i128::from(part);
            let by = Nanos(part.saturating_mul(sign));
            let sum = match call.guess {
                Some(Basis::WorstCase) => &mut self.worst_case,
                Some(Basis::Provisional) => &mut self.provisional,
                Some(Basis::Counted | Basis::Provider | Basis::Cached) | None => &mut self.counted,
            };
            sum.0 = sum.0.saturating_add(by.0);
            if by != Nanos::ZERO {
                shares.push(Share::new(call.hold, call.charged, by));
            }
        }
        spread
    }

    fn add(&mut self, other: &Self) {
        self.buckets += other.buckets;
        self.apart += other.apart;
        self.open += other.open;
        for (sum, more) in [
            (&mut self.theirs, other.theirs),
            (&mut self.ours, other.ours),
            (&mut self.edges, other.edges),
            (&mut self.counted, other.counted),
            (&mut self.worst_case, other.worst_case),
            (&mut self.provisional, other.provisional),
            (&mut self.unexplained, other.unexplained),
        ] {
            sum.0 = sum.0.saturating_add(more.0);
        }
    }
}

/// Sums of charges, each of which fits; what does not is at the end of what does.
fn nanos(sum: i128) -> Nanos {
    Nanos(i64::try_from(sum).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN }))
}
