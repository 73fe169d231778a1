//! An export and the ledger on one sheet: which model of theirs is which of ours, at what price, and
//! which buckets can be compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use budget::{Bucket, Call, Comparison, Export, Findings, Line, Price, Shares, undated};
use router::Model;
use snapshot::Snapshot;
use store::calls::{BookedSpan, Booking, OPEN_MAX, SHARES_MAX};
use types::{Nanos, Timestamp};

/// How long before the first bucket a call may have begun that was billed in it.
const REACH_SECONDS: i64 = 60 * 60;

/// The sheet of one provider's export.
pub(super) struct Sheet<'s> {
    models: Models<'s>,
    buckets: Vec<&'s Bucket>,
    comparison: Comparison,
    /// How near to an edge a call may be billed on its other side.
    edge: Duration,
    /// Models that the export names and we know.
    named: BTreeSet<String>,
    /// What is left out once the calls are in: a model and the number of a bucket, and why.
    out: BTreeMap<(String, usize), String>,
    /// The first bucket that a call of a model without a charge may be billed in.
    open: BTreeMap<String, usize>,
    /// Nothing is compared.
    all_out: bool,
    /// The prices of theirs, by our id and the number of a bucket.
    priced: BTreeMap<(String, usize), Vec<Arc<Price>>>,
    /// The ids of ours that were called, by model and the number of a bucket.
    called: BTreeMap<(String, usize), BTreeSet<String>>,
    /// How often a bucket was booked, by our id and its number.
    booked: BTreeMap<(String, usize), u64>,
    rest: Rest,
}

const OPEN: &str = "a call of ours has no charge yet";
const UNSURE: &str =
    "a provisional charge may yet be corrected: its process's journal has not come";

/// What is not compared.
#[derive(Default)]
pub(super) struct Rest {
    /// Our ids of each model that is compared.
    pub(super) ids: BTreeMap<String, Vec<String>>,
    /// The first and last instant of the buckets that are compared.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// Buckets, by the model that they are left out for and why; all models where it is empty.
    pub(super) left_out: BTreeMap<(String, String), Spans>,
    /// Models of theirs that none of ours is, with calls and tokens in and out.
    pub(super) unmatched: BTreeMap<String, [u64; 3]>,
    /// Models of ours that the export does not name, with calls and what they were charged.
    pub(super) absent: BTreeMap<String, (u64, Nanos)>,
    /// What is charged to slices of processes that are gone.
    pub(super) lost: Nanos,
    /// Whether another tenant called the provider.
    pub(super) others: bool,
    /// Whether calls were made to what the registry does not have as it was.
    pub(super) strange: bool,
}

/// Some buckets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    pub(super) buckets: u64,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl<'s> Sheet<'s> {
    /// Enters what the provider says. Compared are buckets from the tenant's first instant on that
    /// ended by `until`: earlier ones have usage that no ledger knows, later ones may grow.
    pub(super) fn new(
        snapshot: &'s Snapshot,
        provider: &str,
        export: &'s Export,
        (since, until, edge): (Timestamp, Timestamp, Duration),
    ) -> Self {
        let mut rest = Rest::default();
        let mut buckets = Vec::new();
        for bucket in &export.buckets {
            let why = if bucket.starts < since {
                "it begins before the ledger does"
            } else if bucket.ends > until {
                "it is not over, or not for long enough for the provider to have counted all of it"
            } else {
                buckets.push(bucket);
                continue;
            };
            rest.leave_out(String::new(), why.to_owned(), bucket);
        }
        let spans = buckets.iter().map(|bucket| (bucket.starts, bucket.ends)).collect();
        let mut sheet = Self {
            models: Models::of(snapshot, provider),
            comparison: Comparison::new(spans, edge),
            edge,
            named: BTreeSet::new(),
            out: BTreeMap::new(),
            open: BTreeMap::new(),
            all_out: false,
            priced: BTreeMap::new(),
            called: BTreeMap::new(),
            booked: BTreeMap::new(),
            rest,
            buckets,
        };
        sheet.rest.span = sheet
            .buckets
            .first()
            .map(|bucket| bucket.starts)
            .zip(sheet.buckets.last().map(|bucket| bucket.ends));
        for (number, bucket) in sheet.buckets.clone().into_iter().enumerate() {
            bucket.lines.iter().for_each(|line| sheet.bill(number, bucket, line));
        }
        sheet
    }

    /// When calls began that may be in what is compared; `None` where nothing is.
    pub(super) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let (from, to) = self.rest.span?;
        let edge = self.edge_seconds();
        Some((from.plus_seconds(-REACH_SECONDS).plus_seconds(-edge), to.plus_seconds(edge)))
    }

    /// Enters a call of ours to a model of that id, charged by that row of prices.
    pub(super) fn charge(&mut self, (id, row): (&str, &str), call: &Call) {
        let key = self.models.key(id);
        let number = self.bucket(call.started);
        // Before the first bucket and between them, any instant of a bucket of its own will do.
        let strange = self.strange((id, row), number, call.started);
        if strange.is_some() {
            // The provider's bill for it may stand in any model's bucket.
            self.rest.strange = true;
            self.comparison.set_incomplete();
        }
        if self.named.contains(&key) {
            if let Some(number) = number {
                let cell = (key.clone(), number);
                self.called.entry(cell.clone()).or_default().insert(id.to_owned());
                if let Some(why) = strange {
                    self.out.entry(cell).or_insert(why);
                }
            }
            return self.comparison.charge(&key, call);
        }
        if number.is_some() {
            let (calls, charged) = self.rest.absent.entry(id.to_owned()).or_default();
            *calls = calls.saturating_add(1);
            charged.0 = charged.0.saturating_add(call.charged.0);
        }
    }

    /// Why a call may not be what the registry has under its id by now, or not at the price of theirs.
    fn strange(
        &self,
        (id, row): (&str, &str),
        number: Option<usize>,
        at: Timestamp,
    ) -> Option<String> {
        let Some(model) = self.models.by_id.get(id) else {
            return Some(format!("`{id}` was called, which the registry does not have any more"));
        };
        let bucket = number.and_then(|number| self.buckets.get(number));
        let ends = bucket.map_or(at, |bucket| last(bucket));
        let starts = bucket.map_or(at, |bucket| bucket.starts);
        let theirs = number.and_then(|number| self.priced.get(&(id.to_owned(), number)));
        let is = |price: &Arc<Price>| {
            price.id == row && theirs.into_iter().flatten().all(|their| same(their, price))
        };
        let ours = [starts, ends].map(|at| self.models.snapshot.price(model, at));
        let known = ours.iter().flatten().any(is);
        (!known).then(|| {
            format!("`{id}` was called at another price (`{row}`), or as another model, than now")
        })
    }

    /// Enters what was booked: what reaches into it without being it is never booked again.
    pub(super) fn leave_booked(&mut self, span: &BookedSpan) {
        let key = self.models.key(&span.model);
        let first = self.buckets.partition_point(|bucket| bucket.ends <= span.starts);
        for number in first..self.buckets.len() {
            let Some(bucket) = self.buckets.get(number) else { return };
            let own = (bucket.starts, bucket.ends);
            if !span.overlaps(own) {
                return;
            }
            if span.is(own) {
                self.booked.insert((span.model.clone(), number), span.times);
                continue;
            }
            let why = || {
                format!(
                    "{} to {} was booked: export with the buckets of that time",
                    span.starts, span.ends
                )
            };
            self.out.entry((key.clone(), number)).or_insert_with(why);
        }
    }

    /// Enters that more calls have no charge yet than are told.
    pub(super) fn leave_all(&mut self) {
        self.all_out = true;
    }

    /// Enters that a call of ours to a model of that id has no charge yet: it may run on for long.
    pub(super) fn leave_open(&mut self, id: &str, started: Timestamp) {
        let from = started.plus_seconds(-self.edge_seconds());
        let first = self.buckets.partition_point(|bucket| bucket.ends <= from);
        let open = self.open.entry(self.models.key(id)).or_insert(first);
        *open = first.min(*open);
        if !self.models.by_id.contains_key(id) {
            self.comparison.set_incomplete();
        }
    }

    /// Enters that the provisional charge of a call may yet be corrected.
    pub(super) fn leave_unsure(&mut self, id: &str, started: Timestamp) {
        if let Some(number) = self.bucket(started) {
            let key = (self.models.key(id), number);
            self.out.entry(key).or_insert_with(|| UNSURE.to_owned());
        }
    }

    /// Enters that another tenant called the provider: what is billed more may be its.
    pub(super) fn share_account(&mut self) {
        self.rest.others = true;
        self.comparison.set_incomplete();
    }

    fn edge_seconds(&self) -> i64 {
        i64::try_from(self.edge.as_secs()).unwrap_or(i64::MAX)
    }

    /// Enters what is charged to slices of processes that are gone: calls of theirs may be missing.
    pub(super) fn lose(&mut self, charged: Nanos) {
        if charged > Nanos::ZERO {
            self.rest.lost = charged;
            self.comparison.set_incomplete();
        }
    }

    /// The number of the bucket that an instant is in.
    fn bucket(&self, at: Timestamp) -> Option<usize> {
        let number = self.buckets.partition_point(|bucket| bucket.ends <= at);
        self.buckets.get(number).filter(|bucket| bucket.starts <= at).map(|_| number)
    }

    /// Compares.
    pub(super) fn finish(mut self) -> (Rest, Findings, Vec<Booking>) {
        if self.all_out {
            let why =
                format!("more than {OPEN_MAX} calls of ours have no charge yet: wait for them");
            self.buckets.iter().for_each(|b| self.rest.leave_out(String::new(), why.clone(), b));
            self.rest.span = None;
            return (self.rest, Findings::default(), Vec::new());
        }
        for (key, first) in std::mem::take(&mut self.open) {
            for number in first..self.buckets.len() {
                self.out.entry((key.clone(), number)).or_insert_with(|| OPEN.to_owned());
            }
        }
        for cell in self.comparison.crowded(SHARES_MAX) {
            let why = || {
                format!(
                    "more than {SHARES_MAX} calls may be changed in it: export by hours or minutes"
                )
            };
            self.out.entry(cell).or_insert_with(why);
        }
        for ((key, number), why) in std::mem::take(&mut self.out) {
            if !self.named.contains(&key) {
                continue;
            }
            self.comparison.leave_out(&key, number);
            if let Some(bucket) = self.buckets.get(number) {
                self.rest.leave_out(key, why, bucket);
            }
        }
        for key in &self.named {
            self.rest.ids.insert(key.clone(), self.models.ids(key));
        }
        let findings = std::mem::take(&mut self.comparison).finish();
        let bookings = findings.cells.iter().filter_map(|cell| self.booking(cell)).collect();
        (self.rest, findings, bookings)
    }

    fn booking(&self, Shares { model, bucket, shares }: &Shares) -> Option<Booking> {
        let of = self.buckets.get(*bucket)?;
        let ids = self.called.get(&(model.clone(), *bucket))?.iter();
        let seen = |id: &String| self.booked.get(&(id.clone(), *bucket)).copied().unwrap_or(0);
        Some(Booking {
            models: ids.map(|id| (id.clone(), seen(id))).collect(),
            starts: of.starts,
            ends: of.ends,
            shares: shares.clone(),
        })
    }

    fn bill(&mut self, number: usize, bucket: &Bucket, line: &Line) {
        let Some((key, models)) = self.models.of_theirs(&line.model) else {
            let counts = self.rest.unmatched.entry(line.model.clone()).or_default();
            let more = [line.requests.unwrap_or(0), line.usage.input, line.usage.output];
            counts.iter_mut().zip(more).for_each(|(sum, more)| *sum = sum.saturating_add(more));
            return;
        };
        match self.models.cost(&models, bucket, line) {
            Ok((cost, price)) => {
                self.comparison.bill(&key, number, cost);
                for model in models {
                    let priced = self.priced.entry((model.id.clone(), number)).or_default();
                    if !priced.iter().any(|known| same(known, &price)) {
                        priced.push(Arc::clone(&price));
                    }
                }
            }
            Err(why) => {
                self.out.entry((key.clone(), number)).or_insert(why);
            }
        }
        self.named.insert(key);
    }
}

impl Rest {
    fn leave_out(&mut self, model: String, why: String, bucket: &Bucket) {
        let none = Spans { buckets: 0, from: bucket.starts, to: bucket.ends };
        let spans = self.left_out.entry((model, why)).or_insert(none);
        spans.buckets = spans.buckets.saturating_add(1);
        spans.from = spans.from.min(bucket.starts);
        spans.to = spans.to.max(bucket.ends);
    }
}

/// The last instant of a bucket.
fn last(bucket: &Bucket) -> Timestamp {
    Timestamp(bucket.ends.0.saturating_sub(1))
}

/// Whether two prices differ in nothing but their ids.
fn same(a: &Price, b: &Price) -> bool {
    let Price { id: _, standard, classes, auto: _, fees, discount } = a;
    (standard, classes, fees, discount) == (&b.standard, &b.classes, &b.fees, &b.discount)
}

/// Our models of one provider, by their names there.
struct Models<'s> {
    snapshot: &'s Snapshot,
    by_upstream: BTreeMap<&'s str, Vec<&'s Model>>,
    by_id: BTreeMap<&'s str, &'s Model>,
}

impl<'s> Models<'s> {
    fn of(snapshot: &'s Snapshot, provider: &str) -> Self {
        let (mut by_upstream, mut by_id) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::new());
        for model in snapshot.registry.models().filter(|model| model.provider == provider) {
            by_upstream.entry(model.upstream.as_str()).or_default().push(model);
            by_id.insert(model.id.as_str(), model);
        }
        Self { snapshot, by_upstream, by_id }
    }

    /// What a name at the provider is compared as. Where the name without its date is registered, a
    /// call by that name is billed as whichever snapshot it stands for, so that all of them are one.
    fn family<'n>(&self, upstream: &'n str) -> &'n str {
        let plain = undated(upstream);
        if self.by_upstream.contains_key(plain) { plain } else { upstream }
    }

    /// What one of our ids is compared as; itself where the registry does not have it any more.
    fn key(&self, id: &str) -> String {
        let model = self.by_id.get(id);
        model.map_or(id, |model| self.family(&model.upstream)).to_owned()
    }

    /// What a model that the provider names is compared as, with ours that it is.
    fn of_theirs(&self, name: &str) -> Option<(String, Vec<&'s Model>)> {
        let known = |name: &str| self.by_upstream.get(name).cloned();
        let models = known(name).or_else(|| known(undated(name)))?;
        Some((self.family(name).to_owned(), models))
    }

    fn ids(&self, key: &str) -> Vec<String> {
        let ids = self.by_id.keys().filter(|id| self.key(id) == key);
        ids.map(|id| (*id).to_owned()).collect()
    }

    /// What the provider bills for a line, at the price that was in force.
    fn cost(
        &self,
        models: &[&Model],
        bucket: &Bucket,
        line: &Line,
    ) -> Result<(Nanos, Arc<Price>), String> {
        let price = |model: &Model, at| {
            // The catalogue may know the dated name at a price of its own.
            let dated = Model { upstream: line.model.clone(), ..model.clone() };
            let found = self.snapshot.price(&dated, at);
            found.or_else(|| self.snapshot.price(model, at))
        };
        let mut prices = Vec::new();
        for at in [bucket.starts, last(bucket)] {
            for model in models {
                prices.push(price(model, at).ok_or("no price of it is known")?);
            }
        }
        prices.dedup_by(|a, b| same(a, b));
        match prices.as_slice() {
            [price] => match line.cost(price) {
                Ok(cost) => Ok((cost, Arc::clone(price))),
                Err(why) => Err(format!("{}: {why}", line.place)),
            },
            _ => Err("its price changes within the bucket, or differs between ids of ours".into()),
        }
    }
}
