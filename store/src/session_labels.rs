//! How confidential sessions are: the join of everything that was seen in each. It rises by itself; only a
//! person lowers it.

use std::sync::Arc;

use policy::AdminPermit;
use types::{Label, RequestId, SessionId, TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    change::Change,
    flows::{Locked, Memory},
    rows::Get,
    store::Inner,
};

/// What is known of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLabel {
    /// Whose session it is.
    pub tenant: TenantId,
    /// The session.
    pub session: SessionId,
    /// The highest of what was seen in it.
    pub label: Label,
    /// Since when, by the database's clock.
    pub since: Timestamp,
    /// The request that raised it; none where a person set it.
    pub request: Option<RequestId>,
    /// Who set it; none where a request raised it.
    pub set_by: Option<String>,
    /// Why it was set; none where a request raised it.
    pub reason: Option<String>,
}

/// The table of session labels.
#[derive(Clone)]
pub struct SessionLabels {
    pub(crate) inner: Arc<Inner>,
    /// Where no other process has the database.
    pub(crate) memory: Option<Arc<Memory>>,
}

impl SessionLabels {
    /// What is known of a session; `None` before its first request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn find(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<Option<SessionLabel>, Error> {
        let row = sqlx::query(
            "select label, since, request_id, set_by, reason from session_labels \
             where tenant_id = $1 and session_id = $2",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .fetch_optional(&self.inner.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let get = Get { row: &row, table: "session_labels" };
        Ok(Some(SessionLabel {
            tenant,
            session,
            label: get.parse("label")?,
            since: get.time("since")?,
            request: get.maybe("request_id")?,
            set_by: get.maybe_text("set_by")?,
            reason: get.maybe_text("reason")?,
        }))
    }

    /// Raises a session's label to at least this one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn raise(
        &self,
        tenant: TenantId,
        session: SessionId,
        label: Label,
        request: RequestId,
    ) -> Result<(), Error> {
        if let Some(memory) = &self.memory
            && memory.is_at((tenant, session), label).await
        {
            return Ok(());
        }
        let _locked = self.locked(tenant, session).await?;
        let mut conn = self.inner.write.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        sqlx::query(
            "insert into session_labels (tenant_id, session_id, label, rank, since, request_id) \
             values ($1, $2, $3, $4, $5, $6) \
             on conflict (tenant_id, session_id) do update set label = excluded.label, \
               rank = excluded.rank, since = excluded.since, request_id = excluded.request_id, \
               set_by = null, reason = null \
             where excluded.rank > session_labels.rank",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(label.as_str())
        .bind(i64::from(label.rank()))
        .bind(now.0)
        .bind(request.to_string())
        .execute(&mut *conn)
        .await?;
        Ok(())
    }

    /// Lowers a session's label, as a person decided.
    ///
    /// # Errors
    /// [`Error::Permit`]; [`Error::Missing`] where there is no such session; [`Error::NotLower`] where
    /// its label is not above this one; [`Error::Unavailable`].
    pub async fn lower(
        &self,
        permit: &AdminPermit,
        (session, label): (SessionId, Label),
        reason: &str,
        record: &Record,
    ) -> Result<(), Error> {
        let tenant = permit.tenant();
        let _locked = self.locked(tenant, session).await?;
        let mut change = Change::begin(&self.inner, permit, tenant).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let lowered = sqlx::query(
            "update session_labels set label = $3, rank = $4, since = $5, request_id = null, \
               set_by = $6, reason = $7 \
             where tenant_id = $1 and session_id = $2 and rank > $4",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(label.as_str())
        .bind(i64::from(label.rank()))
        .bind(now.0)
        .bind(permit.actor().to_owned())
        .bind(crate::rows::plain(reason))
        .execute(change.conn())
        .await?;
        if lowered.rows_affected() == 0 {
            drop(change);
            return Err(match self.find(tenant, session).await? {
                None => Error::Missing { noun: "session", name: session.to_string() },
                Some(known) => Error::NotLower { label: known.label.as_str() },
            });
        }
        change.commit_quietly(record).await
    }

    /// Memory reads the session again once this is dropped.
    async fn locked(&self, tenant: TenantId, session: SessionId) -> Result<Option<Locked>, Error> {
        match &self.memory {
            Some(memory) => memory.take((tenant, session)).await.map(Some),
            None => Ok(None),
        }
    }
}
