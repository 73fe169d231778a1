//! What a client may see of the tools: what policy lists for it, as it is pinned or approved.

use rmcp::model::ListToolsResult;

use super::handler::Turn;
use crate::refusal::Refusal;

/// Tools on one page.
const PAGE_MAX: usize = 200;

/// One page of the tools on the sender's route, after the one that `cursor` names.
pub(super) fn tools(turn: &Turn, cursor: Option<&str>) -> Result<ListToolsResult, Refusal> {
    let _ = (turn, cursor, PAGE_MAX);
    Ok(ListToolsResult::default())
}
