//! What was spent, added up by hour and by day for each dimension, while the ledger grows and in the
//! transaction of its rows, so that a report need not read the ledger.
//!
//! INVARIANT: every figure is a sum over ledger rows, whatever the order in which they come. What a
//! correction changes is in the correction's own row.

use std::collections::BTreeMap;

use budget::{Basis, LedgerKind};
use sqlx::AnyConnection;

use crate::{
    Error,
    booked::Booked,
    dimension::Dimension,
    latency::{self, Bucket, QUARTERS, Quarters},
    ledger::Ended,
    rows::{self, signed},
    span::Span,
};

/// What a row of sums is of, without its stretch: a dimension, the tenant and its value there. Its
/// order is the order in which rows are locked.
type Whose = (Dimension, String, String);

/// The sums of one row, as the table has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums(pub(crate) [i64; COLUMNS.len()]);

/// The columns of [`Sums`], in their order.
pub(crate) const COLUMNS: [&str; 11] = [
    "calls",
    "errors",
    "amount",
    "overrun",
    "provisional",
    "saved",
    "routed",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
];

/// Adds new ledger rows to the sums.
///
/// INVARIANT: rows are locked in the order of their keys, the sums before the latencies, so that two
/// gateways wait for each other instead of blocking each other.
pub(crate) async fn add(conn: &mut AnyConnection, booked: &[Booked<'_>]) -> Result<(), Error> {
    let mut sums: BTreeMap<(&Whose, Span, i64), Sums> = BTreeMap::new();
    let mut latencies: BTreeMap<(&Whose, i64, u64), Quarters> = BTreeMap::new();
    let whose: Vec<_> = booked.iter().map(whose).collect();
    for (booked, whose) in booked.iter().zip(&whose) {
        let (of, day) = (of(booked), Span::Day.start(booked.row.at));
        for whose in whose {
            for span in [Span::Hour, Span::Day] {
                sums.entry((whose, span, span.start(booked.row.at))).or_default().add(&of);
            }
            if let Some(bucket) = measured(booked) {
                let quarters = latencies.entry((whose, day, bucket.octave)).or_default();
                quarters.iter_mut().zip(bucket.one()).for_each(|(calls, one)| *calls += one);
            }
        }
    }
    write_sums(conn, &sums.into_iter().collect::<Vec<_>>()).await?;
    write_latencies(conn, &latencies.into_iter().collect::<Vec<_>>()).await
}

fn whose(booked: &Booked<'_>) -> [Whose; Dimension::ALL.len()] {
    Dimension::ALL
        .map(|dimension| (dimension, booked.row.tenant.to_string(), dimension.value(booked)))
}

/// What one ledger row adds.
fn of(booked: &Booked<'_>) -> Sums {
    let Booked { row, settlement, .. } = booked;
    let failed = settlement.is_some_and(|settlement| settlement.ended == Ended::Failed);
    // A slice's own row is of no call.
    let slice = row.model.is_empty();
    let (calls, errors, provisional) = match row.kind {
        LedgerKind::Provisional | LedgerKind::Correction if slice => (0, 0, row.amount.0),
        LedgerKind::Settlement => (1, i64::from(failed), 0),
        // Its process is gone, and the answer with it.
        LedgerKind::Provisional => (1, 1, row.amount.0),
        LedgerKind::Correction => (0, if failed { 0 } else { -1 }, row.amount.0),
        // Of what the reaper charged, an export's share is provisional no more.
        LedgerKind::Reconciled if row.basis == Basis::Provisional => (0, 0, row.amount.0),
        LedgerKind::Reconciled => (0, 0, 0),
        // Money between a call and the charge of its slice, which is told apart from calls.
        LedgerKind::Moved | LedgerKind::Kept => (0, 0, row.amount.0),
    };
    let tokens = row.usage.unwrap_or_default();
    Sums([
        calls,
        errors,
        row.amount.0,
        row.overrun.0,
        provisional,
        settlement.map_or(0, |settlement| settlement.saved.0),
        settlement.map_or(0, |settlement| settlement.routed.0),
        signed(tokens.input),
        signed(tokens.cached),
        signed(tokens.output),
        signed(tokens.reasoning),
    ])
}

/// The bucket of a call that was answered, where its time was measured.
fn measured(booked: &Booked<'_>) -> Option<Bucket> {
    let settlement = booked.settlement.filter(|settlement| settlement.ended == Ended::Answered)?;
    settlement.took_ms.map(latency::bucket)
}

impl Sums {
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(more);
        }
    }
}

async fn write_sums(
    conn: &mut AnyConnection,
    sums: &[((&Whose, Span, i64), Sums)],
) -> Result<(), Error> {
    let columns = COLUMNS.join(", ");
    let head =
        format!("insert into spend_sums (tenant_id, dimension, value, span, starts, {columns})");
    let more = COLUMNS.map(|name| format!("{name} = spend_sums.{name} + excluded.{name}"));
    let tail = format!(
        " on conflict (tenant_id, dimension, span, starts, value) do update set {}",
        more.join(", ")
    );
    rows::insert(conn, &head, &tail, sums, |row, ((whose, span, starts), sums)| {
        bind_whose(row, whose)?;
        row.item(span.as_str())?;
        row.item(*starts)?;
        for sum in sums.0 {
            row.item(sum)?;
        }
        Ok(())
    })
    .await
}

async fn write_latencies(
    conn: &mut AnyConnection,
    latencies: &[((&Whose, i64, u64), Quarters)],
) -> Result<(), Error> {
    let head = format!(
        "insert into spend_latencies (tenant_id, dimension, value, day, octave, {})",
        QUARTERS.join(", ")
    );
    let more = QUARTERS.map(|name| format!("{name} = spend_latencies.{name} + excluded.{name}"));
    let tail = format!(
        " on conflict (tenant_id, dimension, day, value, octave) do update set {}",
        more.join(", ")
    );
    rows::insert(conn, &head, &tail, latencies, |row, ((whose, day, octave), quarters)| {
        bind_whose(row, whose)?;
        row.item(*day)?;
        row.item(signed(*octave))?;
        for calls in *quarters {
            row.item(signed(calls))?;
        }
        Ok(())
    })
    .await
}

fn bind_whose(row: &mut rows::Statement, whose: &Whose) -> Result<(), Error> {
    let (dimension, tenant, value) = whose;
    row.item(tenant.clone())?;
    row.item(dimension.as_str())?;
    row.item(value.clone())?;
    Ok(())
}
