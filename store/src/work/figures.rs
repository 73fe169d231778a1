//! How much work there is, for those who watch over it.

use super::{Error, Work};
use crate::rows::Get;

/// How many tasks that are not over stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// `created`, `permitted`, `queued`, `running`, `waiting` for people or others, or `unknown`: people are asked
    /// whether something happened.
    pub state: String,
    /// How many.
    pub tasks: i64,
}

/// Each line is read from an index of its own, however many tasks there were before.
const STANDINGS: &str = "\
    select 'created' as state, cast(count(*) as bigint) as tasks from tasks where state = 'created' \
    union all select 'permitted', cast(count(*) as bigint) from tasks where state = 'permitted' \
    union all select 'queued', cast(count(*) as bigint) from runs where state = 'queued' \
    union all select 'running', cast(count(*) as bigint) from runs where state = 'running' \
    union all select 'waiting', cast(count(*) as bigint) from tasks \
      where state = 'waiting' and waiting_for is not null \
    union all select 'unknown', cast(count(*) as bigint) from effects where state = 'unknown'";

impl Work {
    /// How many tasks stand where, of all tenants.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn standings(&self) -> Result<Vec<Standing>, Error> {
        let rows = sqlx::query(STANDINGS).fetch_all(&self.inner.read).await?;
        let read = |row| {
            let get = Get { row, table: "tasks" };
            Ok(Standing { state: get.text("state")?, tasks: get.int("tasks")? })
        };
        rows.iter().map(read).collect()
    }
}
