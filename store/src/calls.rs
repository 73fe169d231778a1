//! Calls as the ledger has them, for a comparison with what a provider says, and what comes of it.

use std::sync::Arc;

use budget::{Basis, Call, LedgerKind, Outcome};
use policy::AdminPermit;
use sqlx::{AnyConnection, any::AnyRow};
use types::{HoldId, Nanos, TenantId, Timestamp, audit::Record};

pub use crate::reconciled::{BookedSpan, Booking};
use crate::{
    Error,
    audit::Draft,
    reconciled,
    rows::{Get, Statement},
    store::Inner,
    writer::{Ask, Failure, Handle},
};

/// Calls of one provider by the models that were called.
#[derive(Clone)]
pub struct Calls {
    pub(crate) inner: Arc<Inner>,
    pub(crate) writer: Handle,
}

/// The most shares of one transaction, and so of one model in one bucket: the writer does nothing else
/// meanwhile.
pub const SHARES_MAX: usize = 5_000;
/// The most calls that are told as open.
pub const OPEN_MAX: usize = 10_000;

/// How many rows of the ledger are read at once; far more than one hold can have.
const PAGE: i64 = 5_000;

/// The kinds of rows that are a call's cost. The others are money between a call and its slice.
const COSTS: [LedgerKind; 4] = [
    LedgerKind::Settlement,
    LedgerKind::Provisional,
    LedgerKind::Correction,
    LedgerKind::Reconciled,
];

impl Calls {
    /// Hands on every call of a tenant's to a provider that began from `from` (included) to `to`
    /// (excluded), in that order, with the registered id of its model and the row of prices that it was
    /// charged by. A call begins when its hold is made, which its id says.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn between(
        &self,
        (tenant, provider): (TenantId, &str),
        (from, to): (Timestamp, Timestamp),
        mut take: impl FnMut((&str, &str), &Call),
    ) -> Result<(), Error> {
        let mut conn = self.inner.read.acquire().await?;
        let (mut from, to) = (first_hold(from), first_hold(to));
        loop {
            let rows = page(&mut conn, (tenant, provider), (from, to)).await?;
            let whole = i64::try_from(rows.len()).is_ok_and(|count| count < PAGE);
            let mut holds: Vec<&[Cost]> = rows.chunk_by(|a, b| a.hold == b.hold).collect();
            // The last hold of a full page may go on in the next.
            let next = if whole { None } else { holds.pop().and_then(<[Cost]>::first) };
            for rows in holds {
                if let Some((of, call)) = call(rows) {
                    take(of, &call);
                }
            }
            match next {
                Some(cost) => from = cost.hold,
                None => return Ok(()),
            }
        }
    }

    /// The calls of a tenant's to a provider that began from `from` to `to` and have no charge yet: the
    /// model's registered id and when each began. At most [`OPEN_MAX`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn open(
        &self,
        (tenant, provider): (TenantId, &str),
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(String, Timestamp)>, Error> {
        let rows = sqlx::query(
            "select id, model from holds where state in ('held', 'dispatched') and tenant_id = $1 \
             and provider = $2 and id >= $3 and id < $4 limit $5",
        )
        .bind(tenant.to_string())
        .bind(provider.to_owned())
        .bind(first_hold(from).to_string())
        .bind(first_hold(to).to_string())
        .bind(i64::try_from(OPEN_MAX).unwrap_or(i64::MAX))
        .fetch_all(&self.inner.read)
        .await?;
        rows.iter().map(began).collect()
    }

    /// The calls whose provisional charge may yet be corrected, since the slice that they are of is not
    /// closed: the model's registered id and when each began.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn unsure(
        &self,
        (tenant, provider): (TenantId, &str),
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(String, Timestamp)>, Error> {
        let rows = sqlx::query(
            "select holds.id, holds.model from slices join holds on holds.slice_id = slices.id \
             join ledger on ledger.hold_id = holds.id and ledger.kind = 'provisional' \
             where slices.state <> 'closed' and holds.tenant_id = $1 and holds.provider = $2 \
             and holds.id >= $3 and holds.id < $4 and not exists (select 1 from ledger later \
             where later.hold_id = holds.id and later.kind in ('correction', 'reconciled'))",
        )
        .bind(tenant.to_string())
        .bind(provider.to_owned())
        .bind(first_hold(from).to_string())
        .bind(first_hold(to).to_string())
        .fetch_all(&self.inner.read)
        .await?;
        rows.iter().map(began).collect()
    }

    /// Whether another tenant has calls to a provider of that name that began from `from` to `to`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn others(
        &self,
        (tenant, provider): (TenantId, &str),
        (from, to): (Timestamp, Timestamp),
    ) -> Result<bool, Error> {
        let row = sqlx::query(
            "select 1 from ledger where hold_id >= $1 and hold_id < $2 and tenant_id <> $3 \
             and provider = $4 limit 1",
        )
        .bind(first_hold(from).to_string())
        .bind(first_hold(to).to_string())
        .bind(tenant.to_string())
        .bind(provider.to_owned())
        .fetch_optional(&self.inner.read)
        .await?;
        Ok(row.is_some())
    }

    /// What was booked of a provider's exports that has an instant in common with a stretch of time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn booked(
        &self,
        of: (TenantId, &str),
        span: (Timestamp, Timestamp),
    ) -> Result<Vec<BookedSpan>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        reconciled::overlapping(&mut conn, of, span).await
    }

    /// What is charged to slices of processes that are gone and were alive between two instants, and
    /// whose journals have not come: calls of theirs may be missing in the ledger. Those that are gone for
    /// longer than [`Options::approvals_retention`](crate::Options::approvals_retention) are forgotten.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn lost(
        &self,
        tenant: TenantId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Nanos, Error> {
        let row = sqlx::query(
            "select cast(coalesce(sum(charged), 0) as bigint) as charged from slices \
             where tenant_id = $1 and state = 'lapsed' and lease_until >= $2 and id < $3",
        )
        .bind(tenant.to_string())
        .bind(from.0)
        .bind(first_hold(to).to_string())
        .fetch_one(&self.inner.read)
        .await?;
        Get { row: &row, table: "slices" }.nanos("charged")
    }

    /// Credits and charges calls their shares, in one transaction with the record of it. A bucket of
    /// which a call cannot take its share any more, see [`budget::Op::Reconcile`], or that was booked in
    /// another width or once more meanwhile, is passed over wholly. At most [`SHARES_MAX`] shares at a
    /// time. Returns who has a share now.
    ///
    /// # Errors
    /// [`Error::Permit`], [`Error::RecordTooLarge`], [`Error::Corrupt`] for shares that make no sense,
    /// or [`Error::Busy`] where the writer or the database is away: then it may have happened all the
    /// same, and to ask again does nothing twice.
    pub async fn reconcile(
        &self,
        permit: &AdminPermit,
        provider: &str,
        bookings: Vec<Booking>,
        record: &Record,
    ) -> Result<Vec<HoldId>, Error> {
        if permit.read_only() || permit.tenant() != record.tenant {
            return Err(Error::Permit { operation: permit.operation().to_owned() });
        }
        let shares = || bookings.iter().flat_map(|booking| &booking.shares);
        if shares().count() > SHARES_MAX {
            return Err(Error::corrupt("ledger", "more shares than one transaction takes"));
        }
        if shares().any(|share| share.charged.0.saturating_add(share.by.0) < 0) {
            return Err(Error::corrupt("ledger", "a credit is beyond what was charged"));
        }
        let (tenant, provider) = (permit.tenant(), provider.to_owned());
        let ask = Ask::Reconcile { tenant, provider, bookings };
        match self.writer.ask(ask, Some(Draft::new(record.clone())?)).await {
            Ok(Some(Outcome::Reconciled { done })) => Ok(done),
            Ok(_) => Err(Error::corrupt("ledger", "the books answered another question")),
            Err(Failure::Refused(refusal)) => Err(Error::corrupt("ledger", refusal)),
            Err(Failure::Unavailable) => Err(Error::Busy),
        }
    }
}

/// One row of a call's cost.
struct Cost {
    hold: HoldId,
    kind: LedgerKind,
    model: String,
    price_row: String,
    amount: Nanos,
    basis: Basis,
    at: Timestamp,
    held: Option<Nanos>,
}

/// The lowest id of a hold that is made at an instant.
fn first_hold(at: Timestamp) -> HoldId {
    // Rounded up: what was made within the millisecond before it is not after it.
    let ms = at.0.saturating_add(999).div_euclid(1_000);
    HoldId::from_parts(u64::try_from(ms).unwrap_or(0), 0)
}

/// When a hold was made.
fn started(hold: HoldId) -> Timestamp {
    let (ms, _) = hold.parts();
    Timestamp(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000))
}

/// A call that began: its model and when.
fn began(row: &AnyRow) -> Result<(String, Timestamp), Error> {
    let get = Get { row, table: "holds" };
    Ok((get.text("model")?, started(get.parse("id")?)))
}

async fn page(
    conn: &mut AnyConnection,
    (tenant, provider): (TenantId, &str),
    (from, to): (HoldId, HoldId),
) -> Result<Vec<Cost>, Error> {
    let mut query = Statement::new(
        conn,
        "select hold_id, kind, model, price_row, amount, overrun, basis, at, held from ledger \
         where hold_id >= ",
    );
    query.bind(from.to_string())?.push(" and hold_id < ").bind(to.to_string())?;
    query.push(" and tenant_id = ").bind(tenant.to_string())?;
    query.push(" and provider = ").bind(provider.to_owned())?.push(" and kind in ").open();
    for kind in COSTS {
        query.item(kind.as_str())?;
    }
    // Of an answer that was given again its provider knows nothing.
    query.close().push(" and basis <> ").bind(Basis::Cached.as_str())?;
    query.push(" order by hold_id, seq limit ").bind(PAGE)?;
    query.fetch(conn).await?.iter().map(cost).collect()
}

fn cost(row: &AnyRow) -> Result<Cost, Error> {
    let get = Get { row, table: "ledger" };
    let amount = get.nanos("amount")?;
    Ok(Cost {
        hold: get.parse("hold_id")?,
        kind: get.parse("kind")?,
        model: get.text("model")?,
        price_row: get.text("price_row")?,
        amount: Nanos(amount.0.saturating_add(get.int("overrun")?)),
        basis: get.parse("basis")?,
        at: get.time("at")?,
        held: get.maybe_int("held")?.map(Nanos),
    })
}

/// The call of all rows of a hold, oldest first.
fn call(rows: &[Cost]) -> Option<((&str, &str), Call)> {
    let first = rows.first()?;
    let sum = |shares: bool| {
        let counts = |row: &&Cost| shares || row.kind != LedgerKind::Reconciled;
        let amounts = rows.iter().filter(counts).map(|row| row.amount.0);
        Nanos(amounts.fold(0, i64::saturating_add))
    };
    let last = rows.last().filter(|row| row.kind != LedgerKind::Reconciled);
    let guess = last.map(|row| row.basis).filter(|basis| *basis != Basis::Provider);
    let started = started(first.hold);
    let call = Call {
        hold: first.hold,
        started,
        ended: first.at.max(started),
        charged: sum(true),
        before: sum(false),
        held: first.held,
        guess,
    };
    Some(((&first.model, &first.price_row), call))
}
