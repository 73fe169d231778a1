//! Whether a session may be trusted: looked at, and put back by a person.

use std::sync::Arc;

use policy::AdminPermit;
use types::{SessionId, TenantId, audit::Record};

use super::{
    flow::{self, Flow},
    memory::Memory,
};
use crate::{Error, change::Change, store::Inner};

/// Whether sessions may be trusted, for those who look and those who vouch.
#[derive(Clone)]
pub struct Trust {
    pub(crate) inner: Arc<Inner>,
    /// Where no other process has the database.
    pub(crate) memory: Option<Arc<Memory>>,
}

impl Trust {
    /// What is known of a session; `None` before anything was seen in it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn find(&self, tenant: TenantId, session: SessionId) -> Result<Option<Flow>, Error> {
        if let Some(memory) = &self.memory {
            memory.written((tenant, session), true).await?;
        }
        flow::find(&self.inner, (tenant, session)).await
    }

    /// Puts a session's trust back, as a person decided, for all that was seen in it so far.
    ///
    /// # Errors
    /// [`Error::Permit`]; [`Error::Missing`] where nothing was seen in such a session; [`Error::Trusted`]
    /// where it is trusted; [`Error::Unavailable`].
    pub async fn endorse(
        &self,
        permit: &AdminPermit,
        session: SessionId,
        reason: &str,
        record: &Record,
    ) -> Result<(), Error> {
        let tenant = permit.tenant();
        let _locked = match &self.memory {
            Some(memory) => {
                let locked = memory.take((tenant, session)).await?;
                // What is vouched for has its number.
                memory.written((tenant, session), false).await?;
                Some(locked)
            }
            None => None,
        };
        let mut change = Change::begin(&self.inner, permit, tenant).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let done = sqlx::query(
            "update session_flows set integrity = 'trusted', endorsed = prints, since = $3, \
               request_id = null, set_by = $4, reason = $5 \
             where tenant_id = $1 and session_id = $2 and integrity = 'untrusted'",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(now.0)
        .bind(permit.actor().to_owned())
        .bind(crate::rows::plain(reason))
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            drop(change);
            return Err(match self.find(tenant, session).await? {
                None => Error::Missing { noun: "session", name: session.to_string() },
                Some(_) => Error::Trusted,
            });
        }
        change.commit_quietly(record).await
    }
}
