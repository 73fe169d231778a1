//! The effects of steps: what may happen once, and what is known of whether it did.

use serde_json::Value;
use sqlx::any::AnyRow;
use types::{
    TenantId, Timestamp,
    work::{EffectClass, EffectMove, EffectState},
};

use super::{Claim, Error, tx::Tx};
use crate::rows::{self, Get};

/// What a step does to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEffect {
    /// The receiver's key: a hash of tenant, run, step, tool and canonical arguments.
    pub key: String,
    /// What to do about it after a crash.
    pub class: EffectClass,
    /// The tool or the connector.
    pub what: String,
    /// SHA-256 of the arguments, in hexadecimal.
    pub args_hash: String,
}

/// An effect, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The receiver's key.
    pub key: String,
    /// What to do about it after a crash.
    pub class: EffectClass,
    /// The tool or the connector.
    pub what: String,
    /// SHA-256 of the arguments, in hexadecimal.
    pub args_hash: String,
    /// Where it stands.
    pub state: EffectState,
    /// What the receiver said, or who decided.
    pub receipt: Option<Value>,
    /// When it came there.
    pub at: Timestamp,
}

/// Begins to send an effect: a new one, or the one that the step has.
pub(super) async fn send(
    tx: &mut Tx,
    claim: &Claim,
    step: u32,
    new: Option<&NewEffect>,
    known: Option<&Effect>,
) -> Result<(), Error> {
    let (new, known) = match (new, known) {
        (None, None) => return Ok(()),
        (Some(new), None) => return insert(tx, claim, step, new).await,
        (None, Some(_)) => return Err(Error::Diverged { step }),
        (Some(new), Some(known)) => (new, known),
    };
    let same = new.key == known.key && new.class == known.class && new.args_hash == known.args_hash;
    if !same {
        return Err(Error::Diverged { step });
    }
    advance(tx, claim.tenant, known, EffectMove::Send, None).await
}

async fn insert(tx: &mut Tx, claim: &Claim, step: u32, new: &NewEffect) -> Result<(), Error> {
    let now = tx.now.0;
    let done = sqlx::query(
        "insert into effects (tenant_id, idempotency_key, run_id, step_no, class, what, \
           args_hash, state, at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         on conflict (tenant_id, idempotency_key) do nothing",
    )
    .bind(claim.tenant.to_string())
    .bind(new.key.clone())
    .bind(claim.run.to_string())
    .bind(i64::from(step))
    .bind(new.class.as_str())
    .bind(new.what.clone())
    .bind(new.args_hash.clone())
    .bind(EffectState::Sending.as_str())
    .bind(now)
    .execute(tx.conn())
    .await?;
    // Another step has that key: sending it would be taken for that one's, or make it happen twice.
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Diverged { step }) }
}

/// Moves an effect along its table.
pub(super) async fn advance(
    tx: &mut Tx,
    tenant: TenantId,
    effect: &Effect,
    step: EffectMove,
    receipt: Option<&Value>,
) -> Result<(), Error> {
    let now = tx.now.0;
    sqlx::query(
        "update effects set state = $1, receipt = coalesce($2, receipt), at = $3 \
         where tenant_id = $4 and idempotency_key = $5",
    )
    .bind(effect.state.after(step)?.as_str())
    .bind(receipt.map(rows::json).transpose()?)
    .bind(now)
    .bind(tenant.to_string())
    .bind(effect.key.clone())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reads the effect of a row that steps and effects are joined in, with `effect_` before its names.
pub(super) fn joined(row: &AnyRow) -> Result<Option<Effect>, Error> {
    let get = Get { row, table: "effects" };
    let Some(key) = get.maybe_text("idempotency_key")? else { return Ok(None) };
    Ok(Some(Effect {
        key,
        class: get.parse("class")?,
        what: get.text("what")?,
        args_hash: get.text("args_hash")?,
        state: get.parse("effect_state")?,
        receipt: get.maybe_json("receipt")?,
        at: get.time("at")?,
    }))
}
