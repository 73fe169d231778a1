//! One transaction of work: its changes, its events and, where somebody decided, its audit record.

use std::sync::Arc;

use policy::AdminPermit;
use serde_json::Value;
use sqlx::{Any, AnyConnection, Transaction};
use types::{
    Correlation, Envelope, EventId, Payload, Priority, Schema, TenantId, Timestamp, Trace,
    audit::Record,
};

use super::Error;
use crate::{
    audit::{self, Draft},
    fault, objects, outbox, rows,
    store::Inner,
};

/// An open transaction. Dropped without [`Tx::commit`], nothing happened.
pub(super) struct Tx {
    pub(super) inner: Arc<Inner>,
    tx: Transaction<'static, Any>,
    /// The database's clock as the transaction began.
    pub(super) now: Timestamp,
    events: Vec<outbox::Event>,
}

/// The points at which a test ends the process, right before and right after a commit.
pub(super) type Arrow = (&'static str, &'static str);

/// What an event says. The bus only wakes: it carries ids and states, and no content.
pub(super) struct News {
    pub(super) subject: String,
    pub(super) tenant: TenantId,
    pub(super) correlation: Correlation,
    pub(super) priority: Priority,
    pub(super) trace: Option<Trace>,
    pub(super) body: Value,
}

impl Tx {
    pub(super) async fn begin(inner: &Arc<Inner>) -> Result<Self, Error> {
        let mut tx = inner.write.begin_with(inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, inner.dialect).await?;
        Ok(Self { inner: Arc::clone(inner), tx, now, events: Vec::new() })
    }

    /// Opens a transaction for a change that policy permits in the permit's tenant.
    pub(super) async fn begin_permitted(
        inner: &Arc<Inner>,
        permit: &AdminPermit,
    ) -> Result<Self, Error> {
        if permit.read_only() {
            let operation = permit.operation().to_owned();
            return Err(Error::Store(crate::Error::Permit { operation }));
        }
        Self::begin(inner).await
    }

    /// Makes every gateway load its snapshot again. Behind all rows, before the audit chain.
    pub(super) async fn raise_revision(&mut self, tenant: TenantId) -> Result<(), Error> {
        sqlx::query("update revisions set revision = revision + 1, tenant_id = $1 where id = 1")
            .bind(tenant.to_string())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    pub(super) fn conn(&mut self) -> &mut AnyConnection {
        &mut self.tx
    }

    /// Keeps what a payload names. One that names an object of nobody's is refused.
    pub(super) async fn name(&mut self, tenant: TenantId, payload: &Payload) -> Result<(), Error> {
        match objects::name(&mut self.tx, tenant, payload).await? {
            None => Ok(()),
            Some(sha256) => Err(Error::missing("object", sha256)),
        }
    }

    /// An event, written with the changes.
    pub(super) fn tell(&mut self, news: News) -> Result<(), Error> {
        let id = EventId::generate();
        let envelope = Envelope {
            event_id: id,
            event_type: news.subject,
            occurred_at: self.now,
            tenant_id: news.tenant,
            workspace_id: None,
            actor: outbox::system_actor(),
            trace: news.trace,
            correlation: news.correlation,
            idempotency_key: id.to_string(),
            priority: news.priority,
            payload_ref: outbox::nothing(),
            schema: Schema { name: "orchestack.work".to_owned(), version: 1 },
        };
        self.events.push(outbox::Event::new(envelope, &rows::json(&news.body)?)?);
        Ok(())
    }

    /// An event that was told before, as it is.
    pub(super) fn tell_again(&mut self, event: &Envelope) -> Result<(), Error> {
        self.events.push(outbox::Event::whole(event)?);
        Ok(())
    }

    pub(super) async fn commit(mut self, (before, after): Arrow) -> Result<(), Error> {
        outbox::insert(&mut self.tx, &self.events).await?;
        fault::point(before);
        self.tx.commit().await?;
        fault::point(after);
        if !self.events.is_empty() {
            self.inner.outbox.notify_one();
        }
        self.inner.worked.notify_waiters();
        Ok(())
    }

    /// The same with the record of a decision. The head of the chain is the last lock, as everywhere.
    pub(super) async fn commit_recorded(
        mut self,
        record: &Record,
        arrow: Arrow,
    ) -> Result<(), Error> {
        let drafts = [Arc::new(Draft::new(record.clone())?)];
        let links = audit::chain(&mut self.tx, self.inner.dialect, &drafts).await?;
        for link in &links {
            self.events.push(outbox::audit_event(link)?);
        }
        self.commit(arrow).await
    }
}

/// The most bytes of a payload as JSON: larger ones go by reference.
pub(super) const PAYLOAD_BYTES_MAX: usize = crate::bus::EVENT_BYTES_MAX;

/// A payload as its row has it.
pub(super) fn payload(field: &'static str, payload: &Payload) -> Result<String, Error> {
    let text = rows::json(payload)?;
    super::error::bounded(field, text.len(), PAYLOAD_BYTES_MAX)?;
    Ok(text)
}
