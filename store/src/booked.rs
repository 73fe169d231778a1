//! New rows of the ledger on their way into the database, with who asked for the call and how it
//! ended: what the books do not need and reports do.

use std::collections::HashMap;

use budget::{Books, LedgerKind, LedgerRow};
use sqlx::AnyConnection;
use types::{AgentId, HoldId, KeyId};

use crate::{
    Error, accounts,
    batch::{self, Askers},
    ledger::Settlement,
    rows,
};

/// The settlements of a batch that were accepted, by their holds; of several the first.
pub(crate) type Settlements = HashMap<HoldId, Settlement>;

/// One new row.
pub(crate) struct Booked<'b> {
    pub(crate) row: &'b LedgerRow,
    pub(crate) agent: AgentId,
    pub(crate) key: Option<KeyId>,
    /// How the call ended; `None` where nobody knows, as its process is gone.
    pub(crate) settlement: Option<Settlement>,
}

/// The new rows of the books.
pub(crate) fn all<'b>(
    books: &'b Books,
    askers: &Askers,
    settlements: &Settlements,
) -> Result<Vec<Booked<'b>>, Error> {
    let booked = |row: &'b LedgerRow| {
        let (agent, key) = batch::asker(askers, row.hold)?;
        let settlement = match row.kind {
            LedgerKind::Provisional
            | LedgerKind::Reconciled
            | LedgerKind::Moved
            | LedgerKind::Kept => None,
            LedgerKind::Settlement | LedgerKind::Correction => settlements.get(&row.hold).copied(),
        };
        Ok(Booked { row, agent, key, settlement })
    };
    books.new_ledger_rows().iter().map(booked).collect()
}

/// Adds the rows to the ledger.
pub(crate) async fn write(conn: &mut AnyConnection, booked: &[Booked<'_>]) -> Result<(), Error> {
    let mut made = Vec::new();
    for booked in booked {
        let path = accounts::path_text(&booked.row.path)?;
        let usage = booked.row.usage.as_ref().map(rows::json).transpose()?;
        made.push((booked, path, usage));
    }
    let head = "insert into ledger (tenant_id, hold_id, kind, agent_id, key_id, request_id, \
                attempt_id, provider, model, price_row, path, amount, overrun, basis, \
                input_tokens, cached_tokens, output_tokens, reasoning_tokens, usage, at, ended, \
                took_ms, saved, routed, held)";
    rows::insert(conn, head, "", &made, |bind, (booked, path, usage)| {
        let Booked { row, agent, key, settlement } = booked;
        let tokens = row.usage.unwrap_or_default();
        bind.item(row.tenant.to_string())?;
        bind.item(row.hold.to_string())?;
        bind.item(row.kind.as_str())?;
        bind.item(agent.to_string())?;
        bind.item(key.map(|key| key.to_string()))?;
        bind.item(row.request.to_string())?;
        bind.item(row.attempt.to_string())?;
        bind.item(row.provider.clone())?;
        bind.item(row.model.clone())?;
        bind.item(row.price_row.clone())?;
        bind.item(path.clone())?;
        bind.item(row.amount.0)?;
        bind.item(row.overrun.0)?;
        bind.item(row.basis.as_str())?;
        for count in [tokens.input, tokens.cached, tokens.output, tokens.reasoning] {
            bind.item(rows::signed(count))?;
        }
        bind.item(usage.clone())?;
        bind.item(row.at.0)?;
        bind.item(settlement.map(|settlement| settlement.ended.as_str()))?;
        let took_ms = settlement.and_then(|settlement| settlement.took_ms);
        bind.item(took_ms.map(rows::signed))?;
        bind.item(settlement.map_or(0, |settlement| settlement.saved.0))?;
        bind.item(settlement.map_or(0, |settlement| settlement.routed.0))?;
        bind.item(row.held.0)?;
        Ok(())
    })
    .await
}
