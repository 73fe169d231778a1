//! Calls as the ledger has them, for a comparison with what a provider says, and what comes of it.

use std::sync::Arc;

use budget::{Basis, Call, LedgerKind, Outcome, Share};
use policy::AdminPermit;
use sqlx::{AnyConnection, any::AnyRow};
use types::{HoldId, Nanos, TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    audit::Draft,
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

/// The most shares of one transaction.
pub const SHARES_MAX: usize = 500;

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
    /// (excluded), in that order, with the registered id of its model. A call begins when its hold is
    /// made, which its id says.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn between(
        &self,
        (tenant, provider): (TenantId, &str),
        (from, to): (Timestamp, Timestamp),
        mut take: impl FnMut(&str, &Call),
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
                if let Some((model, call)) = call(rows) {
                    take(model, &call);
                }
            }
            match next {
                Some(cost) => from = cost.hold,
                None => return Ok(()),
            }
        }
    }

    /// The calls of a tenant's to a provider that began from `from` to `to` and have no charge yet: the
    /// model's registered id and when each began. At most 10,000.
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
             and provider = $2 and id >= $3 and id < $4 limit 10000",
        )
        .bind(tenant.to_string())
        .bind(provider.to_owned())
        .bind(first_hold(from).to_string())
        .bind(first_hold(to).to_string())
        .fetch_all(&self.inner.read)
        .await?;
        let read = |row| {
            let get = Get { row, table: "holds" };
            Ok((get.text("model")?, started(get.parse("id")?)))
        };
        rows.iter().map(read).collect()
    }

    /// What is charged to slices of processes that are gone and were alive between two instants, and
    /// whose journals have not come: calls of theirs may be missing in the ledger.
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

    /// Credits and charges calls their shares, in one transaction with the record of it. Those that
    /// cannot take theirs any more are passed over; see [`budget::Op::Reconcile`]. At most
    /// [`SHARES_MAX`] at a time. Returns who has a share now.
    ///
    /// # Errors
    /// [`Error::Permit`], [`Error::RecordTooLarge`], [`Error::Corrupt`] for shares that make no sense,
    /// or [`Error::Busy`] where the writer or the database is away: then it may have happened all the
    /// same, and to ask again does nothing twice.
    pub async fn reconcile(
        &self,
        permit: &AdminPermit,
        shares: Vec<Share>,
        record: &Record,
    ) -> Result<Vec<HoldId>, Error> {
        if permit.read_only() || permit.tenant() != record.tenant {
            return Err(Error::Permit { operation: permit.operation().to_owned() });
        }
        if shares.len() > SHARES_MAX {
            return Err(Error::corrupt("ledger", "more shares than one transaction takes"));
        }
        let ask = Ask::Reconcile { tenant: permit.tenant(), shares };
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

async fn page(
    conn: &mut AnyConnection,
    (tenant, provider): (TenantId, &str),
    (from, to): (HoldId, HoldId),
) -> Result<Vec<Cost>, Error> {
    let mut query = Statement::new(
        conn,
        "select hold_id, kind, model, amount, overrun, basis, at, held from ledger \
         where hold_id >= ",
    );
    query.bind(from.to_string())?.push(" and hold_id < ").bind(to.to_string())?;
    query.push(" and tenant_id = ").bind(tenant.to_string())?;
    query.push(" and provider = ").bind(provider.to_owned())?.push(" and kind in ").open();
    for kind in COSTS {
        query.item(kind.as_str())?;
    }
    query.close().push(" order by hold_id, seq limit ").bind(PAGE)?;
    query.fetch(conn).await?.iter().map(cost).collect()
}

fn cost(row: &AnyRow) -> Result<Cost, Error> {
    let get = Get { row, table: "ledger" };
    let amount = get.nanos("amount")?;
    Ok(Cost {
        hold: get.parse("hold_id")?,
        kind: get.parse("kind")?,
        model: get.text("model")?,
        amount: Nanos(amount.0.saturating_add(get.int("overrun")?)),
        basis: get.parse("basis")?,
        at: get.time("at")?,
        held: get.maybe_int("held")?.map(Nanos),
    })
}

/// The call of all rows of a hold, oldest first.
fn call(rows: &[Cost]) -> Option<(&str, Call)> {
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
    Some((&first.model, call))
}
