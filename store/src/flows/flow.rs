//! What is known of a session, read by one statement.

use std::collections::{BTreeSet, HashMap};

use tools::flow::Origin;
use types::{Integrity, RequestId, Timestamp};

use super::{Of, origin};
use crate::{Error, rows::Get, store::Inner};

/// What is known of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Untrusted once a text was seen that nobody vouches for.
    pub integrity: Integrity,
    /// Since when, by the database's clock.
    pub since: Timestamp,
    /// The request that it was for; none where a person said so.
    pub request: Option<RequestId>,
    /// Who vouched for what was seen.
    pub set_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Tool calls that were permitted.
    pub tool_calls: u64,
    /// The tool servers whose results were seen.
    pub sources: BTreeSet<String>,
    /// The numbers of the texts that are remembered, by origin and digest.
    pub texts: HashMap<(Origin, String), u64>,
    /// The number of the last text that a person vouched for.
    pub endorsed: u64,
}

impl Flow {
    /// Whether a person vouched for the text of this origin and digest.
    pub fn vouches(&self, text: &(Origin, String)) -> bool {
        self.texts.get(text).is_some_and(|seq| *seq <= self.endorsed)
    }
}

/// A row for each source and each text, and one where there are none.
const FIND: &str = "select f.integrity, f.since, f.request_id, f.set_by, f.reason, f.tool_calls, f.endorsed, \
       seen.name, seen.digest, seen.seq \
     from session_flows f left join ( \
       select origin as name, digest, seq from session_prints \
         where tenant_id = $1 and session_id = $2 \
       union all \
       select source, null, null from session_sources \
         where tenant_id = $1 and session_id = $2 \
     ) seen on 1 = 1 \
     where f.tenant_id = $1 and f.session_id = $2";

/// What is known of a session; `None` before anything was seen in it.
pub(super) async fn find(inner: &Inner, (tenant, session): Of) -> Result<Option<Flow>, Error> {
    let rows = sqlx::query(FIND)
        .bind(tenant.to_string())
        .bind(session.to_string())
        .fetch_all(&inner.read)
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let get = Get { row, table: "session_flows" };
    let mut flow = Flow {
        integrity: get.parse("integrity")?,
        since: get.time("since")?,
        request: get.maybe("request_id")?,
        set_by: get.maybe_text("set_by")?,
        reason: get.maybe_text("reason")?,
        tool_calls: get.count("tool_calls")?,
        sources: BTreeSet::new(),
        texts: HashMap::new(),
        endorsed: get.count("endorsed")?,
    };
    for row in &rows {
        let get = Get { row, table: "session_prints" };
        let Some(name) = get.maybe_text("name")? else { continue };
        match get.maybe_text("digest")? {
            Some(digest) => {
                flow.texts.insert((origin(name), digest), get.count("seq")?);
            }
            None => {
                flow.sources.insert(name);
            }
        }
    }
    Ok(Some(flow))
}
