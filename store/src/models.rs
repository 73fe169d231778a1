//! Models and providers registered at run time, beside those of the git tree.

use std::sync::Arc;

use policy::AdminPermit;
use types::{TenantId, Timestamp, audit::Record};

use crate::{Error, change::Change, error::is_taken, rows::Get, store::Inner};

/// One model or provider registered at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its registered id (a model) or name (a provider), unique in the tenant.
    pub name: String,
    /// The provider of a model; for a provider its own name.
    pub provider: String,
    /// The registration as JSON, in the form of whoever reads it; never a secret.
    pub body: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The table of models.
#[derive(Clone)]
pub struct Models {
    pub(crate) inner: Arc<Inner>,
}

/// The table of providers.
#[derive(Clone)]
pub struct Providers {
    pub(crate) inner: Arc<Inner>,
}

impl Models {
    /// Every model of every tenant.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load_all(&self) -> Result<Vec<Registration>, Error> {
        let query = "select tenant_id, name, provider, body, created_at from models \
                     order by tenant_id, name";
        load(&self.inner, query, "models").await
    }

    /// Adds a model.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn add(
        &self,
        permit: &AdminPermit,
        model: &Registration,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, model.tenant).await?;
        sqlx::query(
            "insert into models (tenant_id, name, provider, body, created_at) \
             values ($1, $2, $3, $4, $5)",
        )
        .bind(model.tenant.to_string())
        .bind(model.name.clone())
        .bind(model.provider.clone())
        .bind(model.body.clone())
        .bind(model.created_at.0)
        .execute(change.conn())
        .await
        .map_err(|error| taken("model", &model.name, error))?;
        change.commit(record).await
    }

    /// Puts other facts into a model's registration. Its name, provider and tenant stay.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn replace(
        &self,
        permit: &AdminPermit,
        model: &Registration,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, model.tenant).await?;
        let query = "update models set body = $1 where tenant_id = $2 and name = $3";
        let done = sqlx::query(query)
            .bind(model.body.clone())
            .bind(model.tenant.to_string())
            .bind(model.name.clone())
            .execute(change.conn())
            .await?;
        if done.rows_affected() == 0 {
            return Err(Error::Missing { noun: "model", name: model.name.clone() });
        }
        change.commit(record).await
    }

    /// Removes a model of the permit's tenant.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn remove(
        &self,
        permit: &AdminPermit,
        name: &str,
        record: &Record,
    ) -> Result<(), Error> {
        let query = "delete from models where tenant_id = $1 and name = $2";
        remove(&self.inner, permit, query, ("model", name), record).await
    }
}

impl Providers {
    /// Every provider of every tenant.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load_all(&self) -> Result<Vec<Registration>, Error> {
        let query = "select tenant_id, name, name as provider, body, created_at from providers \
                     order by tenant_id, name";
        load(&self.inner, query, "providers").await
    }

    /// Adds a provider.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn add(
        &self,
        permit: &AdminPermit,
        provider: &Registration,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, provider.tenant).await?;
        sqlx::query(
            "insert into providers (tenant_id, name, body, created_at) values ($1, $2, $3, $4)",
        )
        .bind(provider.tenant.to_string())
        .bind(provider.name.clone())
        .bind(provider.body.clone())
        .bind(provider.created_at.0)
        .execute(change.conn())
        .await
        .map_err(|error| taken("provider", &provider.name, error))?;
        change.commit(record).await
    }

    /// Removes a provider of the permit's tenant.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn remove(
        &self,
        permit: &AdminPermit,
        name: &str,
        record: &Record,
    ) -> Result<(), Error> {
        let query = "delete from providers where tenant_id = $1 and name = $2";
        remove(&self.inner, permit, query, ("provider", name), record).await
    }
}

async fn load(
    inner: &Inner,
    query: &'static str,
    table: &'static str,
) -> Result<Vec<Registration>, Error> {
    let rows = sqlx::query(query).fetch_all(&inner.read).await?;
    let read = |row| {
        let get = Get { row, table };
        Ok(Registration {
            tenant: get.parse("tenant_id")?,
            name: get.text("name")?,
            provider: get.text("provider")?,
            body: get.text("body")?,
            created_at: get.time("created_at")?,
        })
    };
    rows.iter().map(read).collect()
}

async fn remove(
    inner: &Arc<Inner>,
    permit: &AdminPermit,
    query: &'static str,
    (noun, name): (&'static str, &str),
    record: &Record,
) -> Result<(), Error> {
    let mut change = Change::begin(inner, permit, permit.tenant()).await?;
    let done = sqlx::query(query)
        .bind(permit.tenant().to_string())
        .bind(name.to_owned())
        .execute(change.conn())
        .await?;
    if done.rows_affected() == 0 {
        return Err(Error::Missing { noun, name: name.to_owned() });
    }
    change.commit(record).await
}

fn taken(noun: &'static str, name: &str, error: sqlx::Error) -> Error {
    if is_taken(&error) { Error::Exists { noun, name: name.to_owned() } } else { error.into() }
}
