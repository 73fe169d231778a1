//! The first start: the tenant, agent, key and admin token that a fresh installation begins with.

use types::audit::Record;

use crate::{
    Error, Store,
    admin_tokens::{self, AdminToken},
    agents::{self, Agent},
    change::Change,
    keys::{self, Key},
    tenants::{self, Tenant},
};

/// What a fresh installation begins with.
#[derive(Debug, Clone)]
pub struct First {
    /// Tenant `default`.
    pub tenant: Tenant,
    /// Agent `default`.
    pub agent: Agent,
    /// Its key.
    pub key: Key,
    /// The operator's admin token.
    pub token: AdminToken,
}

/// Whether this was the first start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstStart {
    /// The rows were made; show key and token now, since they cannot be shown again.
    Made,
    /// A tenant exists; nothing was made.
    Already,
}

impl Store {
    /// Makes the first rows where there is no tenant yet: the one control change without a permit,
    /// since there is nobody yet whom policy could ask about. `record` should be of
    /// [`types::audit::Kind::System`].
    ///
    /// # Errors
    /// [`Error::Unavailable`]; [`Error::Exists`] where two processes start for the first time at
    /// once and this one lost: start again.
    pub async fn first_start(&self, first: &First, record: &Record) -> Result<FirstStart, Error> {
        let mut change = Change::begin_unpermitted(&self.inner).await?;
        let tenants = sqlx::query("select 1 from tenants limit 1").fetch_all(change.conn()).await?;
        if !tenants.is_empty() {
            return Ok(FirstStart::Already);
        }
        tenants::insert(change.conn(), &first.tenant).await?;
        agents::insert(change.conn(), &first.agent).await?;
        keys::insert(change.conn(), &first.key).await?;
        admin_tokens::insert(change.conn(), &first.token).await?;
        change.commit(record).await?;
        Ok(FirstStart::Made)
    }
}
