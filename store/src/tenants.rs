//! Tenants: the widest scope of keys, budgets and data.

use std::sync::Arc;

use policy::AdminPermit;
use sqlx::AnyConnection;
use types::{TenantId, Timestamp, audit::Record};

use crate::{Error, change::Change, error::is_taken, rows::Get, store::Inner};

/// One tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name, unique in the store.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The table of tenants.
#[derive(Clone)]
pub struct Tenants {
    pub(crate) inner: Arc<Inner>,
}

impl Tenants {
    /// Every tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load_all(&self) -> Result<Vec<Tenant>, Error> {
        let rows = sqlx::query("select * from tenants order by tenant_id")
            .fetch_all(&self.inner.read)
            .await?;
        let read = |row| {
            let get = Get { row, table: "tenants" };
            Ok(Tenant {
                id: get.parse("tenant_id")?,
                name: get.text("name")?,
                created_at: get.time("created_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Adds a tenant. The permit is one of the tenant from which it is done.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn add(
        &self,
        permit: &AdminPermit,
        tenant: &Tenant,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        insert(change.conn(), tenant).await?;
        change.commit(record).await
    }
}

pub(crate) async fn insert(conn: &mut AnyConnection, tenant: &Tenant) -> Result<(), Error> {
    sqlx::query("insert into tenants (tenant_id, name, created_at) values ($1, $2, $3)")
        .bind(tenant.id.to_string())
        .bind(tenant.name.clone())
        .bind(tenant.created_at.0)
        .execute(conn)
        .await
        .map_err(|error| {
            if is_taken(&error) {
                Error::Exists { noun: "tenant", name: tenant.name.clone() }
            } else {
                error.into()
            }
        })?;
    Ok(())
}
