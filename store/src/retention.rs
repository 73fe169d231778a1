//! What is removed once it has been over for long. The ledger, the audit chain and the work of agents never are:
//! whoever removes rows of work must see to the objects that they name.

use std::{sync::Arc, time::Duration};

use types::Timestamp;

use crate::{
    Error, alerts::Alerts, approvals, approvals::Approvals, console_sessions::ConsoleSessions,
    flows::Flows, grants::Grants, identities::Identities, mcp_sessions::McpSessions, outbox,
    responses::Responses, store::Inner, tool_definitions::ToolDefinitions, vault::Vault,
};

/// Removes a bounded number of rows of each kind; whoever calls it again removes the rest.
pub(crate) async fn prune(inner: &Arc<Inner>) -> Result<(), Error> {
    let now = crate::store::now(&mut *inner.read.acquire().await?, inner.dialect).await?;
    outbox::prune(inner, ago(now, inner.options.retention)).await?;
    let before = ago(now, inner.options.approvals_retention);
    crate::owners::prune(inner, ago(now, inner.options.retention), before).await?;
    let approvals = Approvals { inner: Arc::clone(inner) };
    approvals.purge(before).await.map_err(of_approvals)?;
    approvals.clear_arguments(now).await.map_err(of_approvals)?;
    Grants { inner: Arc::clone(inner) }.purge(before).await?;
    Alerts { inner: Arc::clone(inner) }.purge(before).await?;
    ToolDefinitions { inner: Arc::clone(inner) }.purge(before).await?;
    Responses { inner: Arc::clone(inner) }.purge(now).await?;
    McpSessions { inner: Arc::clone(inner) }.purge(now).await?;
    Identities { inner: Arc::clone(inner) }.purge(now).await?;
    ConsoleSessions { inner: Arc::clone(inner) }.purge(now).await?;
    Vault::purge(inner, now).await?;
    Flows::purge(inner, ago(now, inner.options.tokens_retention)).await?;
    Ok(())
}

fn of_approvals(error: approvals::Error) -> Error {
    match error {
        approvals::Error::Store(error) => error,
        error => Error::corrupt("approvals", error),
    }
}

fn ago(now: Timestamp, keep: Duration) -> Timestamp {
    now.plus_seconds(i64::try_from(keep.as_secs()).unwrap_or(i64::MAX).saturating_neg())
}
