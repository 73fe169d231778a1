//! An export and the ledger on one sheet: which model of theirs is which of ours, at what price, and
//! which buckets can be compared.

use std::collections::{BTreeMap, BTreeSet};

use budget::{Bucket, Call, Comparison, Export, Findings, Line, Price, undated};
use router::Model;
use snapshot::Snapshot;
use types::{Nanos, Timestamp};

/// How long before the first bucket a call may have begun that was billed in it.
const REACH_SECONDS: i64 = 60 * 60;

/// The sheet of one provider's export.
pub(super) struct Sheet<'s> {
    models: Models<'s>,
    buckets: Vec<&'s Bucket>,
    comparison: Comparison,
    /// Models that the export names and we know.
    named: BTreeSet<String>,
    /// What is left out once the calls are in: a model and the number of a bucket, and why.
    unpriced: BTreeMap<(String, usize), String>,
    rest: Rest,
}

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
        (since, until): (Timestamp, Timestamp),
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
            comparison: Comparison::new(spans),
            named: BTreeSet::new(),
            unpriced: BTreeMap::new(),
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
        Some((from.plus_seconds(-REACH_SECONDS), to))
    }

    /// Enters a call of ours to a model of that id.
    pub(super) fn charge(&mut self, id: &str, call: &Call) {
        let key = self.models.key(id);
        if self.named.contains(&key) {
            return self.comparison.charge(&key, call);
        }
        if self.bucket(call.started).is_some() {
            let (calls, charged) = self.rest.absent.entry(id.to_owned()).or_default();
            *calls = calls.saturating_add(1);
            charged.0 = charged.0.saturating_add(call.charged.0);
        }
    }

    /// Enters that a call of ours to a model of that id has no charge yet.
    pub(super) fn leave_open(&mut self, id: &str, started: Timestamp) {
        if let Some(number) = self.bucket(started) {
            let key = (self.models.key(id), number);
            self.unpriced.entry(key).or_insert_with(|| "a call of ours has no charge yet".into());
        }
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
    pub(super) fn finish(mut self) -> (Rest, Findings) {
        for ((key, number), why) in std::mem::take(&mut self.unpriced) {
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
        (self.rest, self.comparison.finish())
    }

    fn bill(&mut self, number: usize, bucket: &Bucket, line: &Line) {
        let Some((key, models)) = self.models.of_theirs(&line.model) else {
            let counts = self.rest.unmatched.entry(line.model.clone()).or_default();
            let more = [line.requests.unwrap_or(0), line.usage.input, line.usage.output];
            counts.iter_mut().zip(more).for_each(|(sum, more)| *sum = sum.saturating_add(more));
            return;
        };
        match self.models.cost(&models, bucket, line) {
            Ok(cost) => self.comparison.bill(&key, number, cost),
            Err(why) => {
                self.unpriced.entry((key.clone(), number)).or_insert(why);
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

    /// What the provider bills for a line, at the prices that were in force.
    fn cost(&self, models: &[&Model], bucket: &Bucket, line: &Line) -> Result<Nanos, String> {
        let price = |model: &Model, at| {
            // The catalogue may know the dated name at a price of its own.
            let dated = Model { upstream: line.model.clone(), ..model.clone() };
            let found = self.snapshot.price(&dated, at);
            found.or_else(|| self.snapshot.price(model, at))
        };
        let last = Timestamp(bucket.ends.0.saturating_sub(1));
        let mut prices = Vec::new();
        for at in [bucket.starts, last] {
            for model in models {
                prices.push(price(model, at).ok_or("no price of it is known")?);
            }
        }
        prices.dedup_by(|a, b| same(a, b));
        match prices.as_slice() {
            [price] => line.cost(price).map_err(|why| format!("{}: {why}", line.place)),
            _ => Err("its price changes within the bucket, or differs between ids of ours".into()),
        }
    }
}
