//! The exact arguments of a call that people are asked about: sealed, for those who decide, and gone when the
//! question is over.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::{ApprovalId, Timestamp};

use super::{Approvals, Error, Subject};
use crate::{
    rows::{self, Get},
    vault::{MasterKey, Sealed},
};

/// The most that is kept of one question, in bytes of JSON.
pub const ARGUMENTS_BYTES_MAX: usize = 256 * 1024;

/// What they are sealed for.
const PURPOSE: &str = "approval arguments";
/// Rows that one call clears.
const CLEAR_MAX: i64 = 1_000;

/// What people who decide may look at. It is the caller's text: it has no `Debug`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Arguments {
    /// The arguments, with tokens in the place of what nobody may see.
    pub arguments: Value,
    /// What was taken out.
    pub masked: Vec<Masked>,
}

/// A value that was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// Its place in the arguments, as a JSON pointer.
    pub place: String,
    /// Its kind.
    pub kind: String,
}

impl Arguments {
    /// Seals them for one question; `None` where they are too long.
    ///
    /// # Errors
    /// [`crate::Error::Sealing`].
    pub fn seal(
        &self,
        key: &MasterKey,
        (id, subject): (ApprovalId, &Subject),
    ) -> Result<Option<Sealed>, crate::Error> {
        let text = rows::json(self)?;
        if text.len() > ARGUMENTS_BYTES_MAX {
            return Ok(None);
        }
        let about = [&id.to_string(), subject.subject_hash.as_str()];
        key.seal((PURPOSE, subject.tenant), &about, &text).map(Some)
    }
}

impl Approvals {
    /// The arguments of a question; `None` where none were kept, its time is over, or another key sealed them.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Store`].
    pub async fn arguments(
        &self,
        key: &MasterKey,
        id: ApprovalId,
    ) -> Result<Option<Arguments>, Error> {
        let approval = self.get(id).await?;
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let row = sqlx::query(
            "select arguments from approvals where id = $1 and expires_at > $2 \
               and status in ('pending', 'approved', 'used')",
        )
        .bind(id.to_string())
        .bind(now.0)
        .fetch_optional(&mut *conn)
        .await?;
        let sealed = match row {
            Some(row) => Get { row: &row, table: "approvals" }.maybe_text("arguments")?,
            None => None,
        };
        let Some(sealed) = sealed.map(Sealed) else { return Ok(None) };
        let Subject { tenant, subject_hash, .. } = &approval.subject;
        let text = key.open((PURPOSE, *tenant), &[&id.to_string(), subject_hash], &sealed);
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Clears the arguments of questions that are over, at most 1,000 a call. Returns how many.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn clear_arguments(&self, now: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query(
            "update approvals set arguments = null where id in (select id from approvals \
             where arguments is not null \
               and (expires_at <= $1 or status not in ('pending', 'approved', 'used')) \
             order by expires_at limit $2)",
        )
        .bind(now.0)
        .bind(CLEAR_MAX)
        .execute(&self.inner.write)
        .await?;
        Ok(done.rows_affected())
    }
}
