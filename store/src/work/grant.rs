//! The credential of a run: written down under the run's own claim.

use types::audit::Record;

use super::{Claim, Error, Work, tx::Tx};
use crate::grants::{self, Grant};

impl Work {
    /// Writes the signed grant of a run down, with its record, so that it can be revoked. One that the run had
    /// before, under the same id, lasts longer from now on; one that was revoked stays so.
    ///
    /// # Errors
    /// [`Error::Lost`] or [`Error::Store`].
    pub async fn grant(&self, claim: &Claim, grant: &Grant, record: &Record) -> Result<(), Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        claim.hold(&mut tx).await?;
        let known = sqlx::query("update grants set expires_at = $1 where id = $2 and run = $3")
            .bind(grant.expires_at.0)
            .bind(grant.id.to_string())
            .bind(claim.run.to_string())
            .execute(tx.conn())
            .await?;
        if known.rows_affected() == 0 {
            grants::insert(tx.conn(), grant).await?;
        }
        tx.commit_recorded(record, ("work.grant", "work.granted")).await
    }
}
