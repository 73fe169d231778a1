//! A control change: the change itself, its audit record and, where snapshots hold what it
//! changes, the new revision in one transaction.

use std::sync::Arc;

use policy::AdminPermit;
use sqlx::{Any, AnyConnection, Transaction};
use types::{TenantId, audit::Record};

use crate::{
    Error,
    audit::{self, Draft},
    outbox,
    store::Inner,
};

/// An open control change. Dropped without [`Change::commit`], nothing happened.
pub(crate) struct Change {
    inner: Arc<Inner>,
    tx: Transaction<'static, Any>,
}

impl Change {
    /// Opens a change that policy permits in `tenant`.
    pub(crate) async fn begin(
        inner: &Arc<Inner>,
        permit: &AdminPermit,
        tenant: TenantId,
    ) -> Result<Self, Error> {
        if permit.read_only() || permit.tenant() != tenant {
            return Err(Error::Permit { operation: permit.operation().to_owned() });
        }
        Self::begin_unpermitted(inner).await
    }

    /// Opens a change that nobody asked for: the first start, or what the git tree defines.
    pub(crate) async fn begin_unpermitted(inner: &Arc<Inner>) -> Result<Self, Error> {
        let tx = inner.write.begin_with(inner.dialect.begin()).await?;
        Ok(Self { inner: Arc::clone(inner), tx })
    }

    pub(crate) fn conn(&mut self) -> &mut AnyConnection {
        &mut self.tx
    }

    /// Ends the change and raises the revision, so that every gateway loads its snapshot again.
    /// Locks are taken in the same order everywhere: tenant, rows, accounts, revision, head of the
    /// audit chain.
    pub(crate) async fn commit(mut self, record: &Record) -> Result<(), Error> {
        sqlx::query("update revisions set revision = revision + 1, tenant_id = $1 where id = 1")
            .bind(record.tenant.to_string())
            .execute(&mut *self.tx)
            .await?;
        self.commit_quietly(record).await
    }

    /// Ends a change of what no snapshot holds: the revision stays.
    pub(crate) async fn commit_quietly(mut self, record: &Record) -> Result<(), Error> {
        let record = [Arc::new(Draft::new(record.clone())?)];
        let links = audit::chain(&mut self.tx, self.inner.dialect, &record).await?;
        // Few and worth keeping: these wait for the bus even where nobody listens.
        let events: Result<Vec<_>, Error> = links.iter().map(outbox::audit_event).collect();
        outbox::insert(&mut self.tx, &events?).await?;
        self.tx.commit().await?;
        self.inner.outbox.notify_one();
        Ok(())
    }

    /// Ends a change that nobody needs to hear of, such as a count of tries.
    pub(crate) async fn commit_unrecorded(self) -> Result<(), Error> {
        Ok(self.tx.commit().await?)
    }
}
