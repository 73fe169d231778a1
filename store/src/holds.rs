//! The rows of holds, and holds made again of the ledger once their rows are gone.

use std::collections::BTreeSet;

use budget::{Books, Charge, Hold, HoldState, LedgerKind};
use sqlx::{AnyConnection, any::AnyRow};
use types::{AgentId, HoldId, KeyId, Nanos, Timestamp};

use crate::{
    Error, accounts,
    batch::{self, Askers},
    rows::{self, Get, signed},
};

/// The most expired holds that one transaction resolves.
pub(crate) const REAP_MAX: i64 = 256;

/// Open holds whose lease ran out.
pub(crate) async fn expired(
    conn: &mut AnyConnection,
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query(
        "select id from holds where state in ('held', 'dispatched') and lease_until <= $1 \
         order by lease_until limit $2",
    )
    .bind(now.0)
    .bind(REAP_MAX)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Get { row, table: "holds" }.text("id")).collect()
}

/// A hold with who asked for it.
pub(crate) type Loaded = (Hold, (AgentId, Option<KeyId>));

/// Loads holds, locked in the order of their ids.
pub(crate) async fn load(
    conn: &mut AnyConnection,
    lock: &'static str,
    ids: &[String],
) -> Result<Vec<Loaded>, Error> {
    let tail = if lock.is_empty() { "" } else { " order by id for update" };
    let rows = rows::select_in(conn, "select * from holds where id in", tail, ids).await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Loaded, Error> {
    let get = Get { row, table: "holds" };
    let charge = match get.maybe_text("charge")? {
        Some(_) => Some(get.json("charge")?),
        None => None,
    };
    let hold = Hold {
        id: get.parse("id")?,
        attempt: get.parse("attempt_id")?,
        request: get.parse("request_id")?,
        tenant: get.parse("tenant_id")?,
        path: accounts::path(&get, get.parse("tenant_id")?)?,
        slice: get.maybe("slice_id")?,
        amount: get.nanos("amount")?,
        state: get.parse("state")?,
        provider: get.text("provider")?,
        model: get.text("model")?,
        price_row: get.text("price_row")?,
        dispatched_at: get.maybe_time("dispatched_at")?,
        progress: get.count("progress")?,
        if_lost: get.nanos("if_lost")?,
        lease_until: get.time("lease_until")?,
        owner: get.text("owner")?,
        fence: get.count("fence")?,
        charge,
    };
    Ok((hold, asker(&get)?))
}

/// Writes what changed.
pub(crate) async fn write(
    conn: &mut AnyConnection,
    books: &Books,
    askers: &Askers,
) -> Result<(), Error> {
    let mut changed = Vec::new();
    for hold in books.changed_holds() {
        let asker = batch::asker(askers, hold.id)?;
        let charge = hold.charge.as_ref().map(rows::json).transpose()?;
        changed.push((hold, asker, accounts::path_text(&hold.path)?, charge));
    }
    let head = "insert into holds (id, tenant_id, agent_id, key_id, request_id, attempt_id, \
                provider, model, price_row, path, amount, state, dispatched_at, progress, \
                if_lost, lease_until, owner, fence, charge, slice_id)";
    let update = " on conflict (id) do update set state = excluded.state, \
                  dispatched_at = excluded.dispatched_at, progress = excluded.progress, \
                  if_lost = excluded.if_lost, lease_until = excluded.lease_until, \
                  owner = excluded.owner, fence = excluded.fence, charge = excluded.charge";
    rows::insert(conn, head, update, &changed, |row, (hold, (agent, key), path, charge)| {
        row.item(hold.id.to_string())?;
        row.item(hold.tenant.to_string())?;
        row.item(agent.to_string())?;
        row.item(key.map(|key| key.to_string()))?;
        row.item(hold.request.to_string())?;
        row.item(hold.attempt.to_string())?;
        row.item(hold.provider.clone())?;
        row.item(hold.model.clone())?;
        row.item(hold.price_row.clone())?;
        row.item(path.clone())?;
        row.item(hold.amount.0)?;
        row.item(hold.state.as_str())?;
        row.item(hold.dispatched_at.map(|at| at.0))?;
        row.item(signed(hold.progress))?;
        row.item(hold.if_lost.0)?;
        row.item(hold.lease_until.0)?;
        row.item(hold.owner.clone())?;
        row.item(signed(hold.fence))?;
        row.item(charge.clone())?;
        row.item(hold.slice.map(|slice| slice.to_string()))?;
        Ok(())
    })
    .await
}

/// Holds as their ledger rows have them, of which the rows of their own were removed for their age:
/// settled, and charged the sum of all. Nobody's lease is on them, so that they are removed again.
pub(crate) async fn again(
    conn: &mut AnyConnection,
    ids: &BTreeSet<HoldId>,
) -> Result<Vec<Loaded>, Error> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let head = "select * from ledger where kind in \
                ('settlement', 'provisional', 'correction', 'reconciled') and hold_id in";
    let rows = rows::select_in(conn, head, " order by hold_id, seq", &ids).await?;
    let mut holds: Vec<Loaded> = Vec::new();
    for row in &rows {
        let get = Get { row, table: "ledger" };
        let (id, kind): (HoldId, LedgerKind) = (get.parse("hold_id")?, get.parse("kind")?);
        let (amount, overrun) = (get.nanos("amount")?, get.nanos("overrun")?);
        let basis = get.parse("basis")?;
        match holds.last_mut().filter(|(hold, _)| hold.id == id) {
            Some((hold, _)) => {
                let before = hold.charge.map_or((0, 0), |past| (past.amount.0, past.overrun.0));
                hold.charge = Some(Charge {
                    kind,
                    amount: Nanos(before.0.saturating_add(amount.0)),
                    overrun: Nanos(before.1.saturating_add(overrun.0)),
                    basis,
                });
            }
            None => {
                let charge = Charge { kind, amount, overrun, basis };
                holds.push((settled(&get, id, charge)?, asker(&get)?));
            }
        }
    }
    Ok(holds)
}

fn settled(get: &Get<'_>, id: HoldId, charge: Charge) -> Result<Hold, Error> {
    let (tenant, at) = (get.parse("tenant_id")?, get.time("at")?);
    // Of a row from before what was held was written down, no more than its charge is known.
    let amount = get.maybe_int("held")?.map_or(charge.amount, Nanos);
    Ok(Hold {
        id,
        attempt: get.parse("attempt_id")?,
        request: get.parse("request_id")?,
        tenant,
        path: accounts::path(get, tenant)?,
        slice: None,
        amount,
        state: HoldState::Settled,
        provider: get.text("provider")?,
        model: get.text("model")?,
        price_row: get.text("price_row")?,
        dispatched_at: Some(at),
        progress: 0,
        if_lost: amount,
        lease_until: at,
        owner: String::new(),
        fence: 0,
        charge: Some(charge),
    })
}

fn asker(get: &Get<'_>) -> Result<(AgentId, Option<KeyId>), Error> {
    Ok((get.parse("agent_id")?, get.maybe("key_id")?))
}
