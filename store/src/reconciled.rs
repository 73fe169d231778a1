//! The buckets of which shares were booked, by our ids of models.
//!
//! INVARIANT: of two buckets that overlap without being the same, only one is ever booked for a model.
//! Each alone brings the sum of its calls to the bill; what one credits, the other has counted already.

use std::collections::{BTreeMap, BTreeSet};

use budget::{Books, Op, Outcome, Share};
use sqlx::{AnyConnection, any::AnyRow};
use types::{HoldId, TenantId, Timestamp};

use crate::{
    Error,
    rows::{self, Get, signed},
    writer::Ask,
};

/// A bucket that was booked for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedSpan {
    /// Our id of the model.
    pub model: String,
    /// Its first instant.
    pub starts: Timestamp,
    /// The first instant after it.
    pub ends: Timestamp,
    /// How often shares of it were booked.
    pub times: u64,
}

/// The shares of one bucket of a comparison, which are booked together or not at all.
#[derive(Debug, Clone)]
pub struct Booking {
    /// The ids of ours that were called in it, each with how often the bucket had been booked for it
    /// when the comparison was made.
    pub models: Vec<(String, u64)>,
    /// Its first instant.
    pub starts: Timestamp,
    /// The first instant after it.
    pub ends: Timestamp,
    /// Each hold once.
    pub shares: Vec<Share>,
}

impl BookedSpan {
    /// Whether they have an instant in common.
    pub fn overlaps(&self, (starts, ends): (Timestamp, Timestamp)) -> bool {
        self.starts < ends && starts < self.ends
    }

    /// Whether they are the same.
    pub fn is(&self, span: (Timestamp, Timestamp)) -> bool {
        (self.starts, self.ends) == span
    }
}

type Of = (TenantId, String);

/// What was booked, within one transaction of the writer.
#[derive(Default)]
pub(crate) struct Reconciled {
    spans: BTreeMap<Of, Vec<BookedSpan>>,
    /// Booked in this transaction.
    new: Vec<(Of, BookedSpan)>,
}

impl Reconciled {
    /// Locks the providers whose exports are booked, and loads what was booked of them.
    pub(crate) async fn load<'a>(
        conn: &mut AnyConnection,
        asks: impl Iterator<Item = &'a Ask>,
    ) -> Result<Self, Error> {
        let mut wanted: BTreeMap<Of, (Timestamp, Timestamp)> = BTreeMap::new();
        for ask in asks {
            let Ask::Reconcile { tenant, provider, bookings } = ask else { continue };
            for booking in bookings {
                let span = (booking.starts, booking.ends);
                let all = wanted.entry((*tenant, provider.clone())).or_insert(span);
                *all = (all.0.min(span.0), all.1.max(span.1));
            }
        }
        let mut found = Self::default();
        for (of, span) in wanted {
            // An update locks the row also where it changes nothing.
            sqlx::query(
                "insert into reconciled_providers (tenant_id, provider) values ($1, $2) \
                 on conflict (tenant_id, provider) do update set provider = excluded.provider",
            )
            .bind(of.0.to_string())
            .bind(of.1.clone())
            .execute(&mut *conn)
            .await?;
            let spans = overlapping(conn, (of.0, &of.1), span).await?;
            found.spans.insert(of, spans);
        }
        Ok(found)
    }

    /// Books what can be booked still: each bucket wholly or not at all.
    pub(crate) fn book(
        &mut self,
        books: &mut Books,
        (tenant, provider): (TenantId, &str),
        bookings: &[Booking],
        now: Timestamp,
    ) -> Outcome {
        let of = (tenant, provider.to_owned());
        let spans = self.spans.entry(of.clone()).or_default();
        let mut all: Vec<HoldId> = Vec::new();
        for booking in bookings {
            if !booking.fits(spans) {
                continue;
            }
            let op = Op::Reconcile { tenant, shares: booking.shares.clone() };
            let Ok(Outcome::Reconciled { done }) = books.apply(&op, now) else { continue };
            if done.is_empty() {
                continue;
            }
            all.extend(done);
            for span in booking.booked() {
                spans.retain(|known| {
                    known.model != span.model || !known.is((span.starts, span.ends))
                });
                spans.push(span.clone());
                self.new.push((of.clone(), span));
            }
        }
        Outcome::Reconciled { done: all }
    }

    /// Writes what was booked.
    pub(crate) async fn write(self, conn: &mut AnyConnection) -> Result<(), Error> {
        // A statement must not have a row twice: the last of each counts.
        let mut keys = BTreeSet::new();
        let key = |(of, span): &(Of, BookedSpan)| (of.clone(), span.model.clone(), span.starts);
        let last: Vec<_> = self.new.into_iter().rev().filter(|new| keys.insert(key(new))).collect();
        let head = "insert into reconciled_spans (tenant_id, provider, model, starts, ends, times)";
        let update = " on conflict (tenant_id, provider, model, starts) do update set times = excluded.times";
        rows::insert(conn, head, update, &last, |row, ((tenant, provider), span)| {
            row.item(tenant.to_string())?;
            row.item(provider.clone())?;
            row.item(span.model.clone())?;
            row.item(span.starts.0)?;
            row.item(span.ends.0)?;
            row.item(signed(span.times))?;
            Ok(())
        })
        .await
    }
}

impl Booking {
    /// Whether everything is still as the comparison saw it.
    fn fits(&self, spans: &[BookedSpan]) -> bool {
        let own = (self.starts, self.ends);
        self.models.iter().all(|(model, seen)| {
            let mut of_model =
                spans.iter().filter(|span| span.model == *model && span.overlaps(own));
            match of_model.next() {
                Some(span) => span.is(own) && span.times == *seen,
                None => *seen == 0,
            }
        })
    }

    fn booked(&self) -> impl Iterator<Item = BookedSpan> {
        self.models.iter().map(|(model, seen)| BookedSpan {
            model: model.clone(),
            starts: self.starts,
            ends: self.ends,
            times: seen.saturating_add(1),
        })
    }
}

/// What was booked of a provider's export that has an instant in common with a stretch of time.
pub(crate) async fn overlapping(
    conn: &mut AnyConnection,
    (tenant, provider): (TenantId, &str),
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<BookedSpan>, Error> {
    let rows = sqlx::query(
        "select model, starts, ends, times from reconciled_spans \
         where tenant_id = $1 and provider = $2 and starts < $3 and ends > $4",
    )
    .bind(tenant.to_string())
    .bind(provider.to_owned())
    .bind(to.0)
    .bind(from.0)
    .fetch_all(conn)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<BookedSpan, Error> {
    let get = Get { row, table: "reconciled_spans" };
    Ok(BookedSpan {
        model: get.text("model")?,
        starts: get.time("starts")?,
        ends: get.time("ends")?,
        times: get.count("times")?,
    })
}
