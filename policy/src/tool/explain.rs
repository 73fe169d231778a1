//! Why a call of a tool is decided as it is, and what would change the answer.

use types::{ApprovalId, Integrity, Label};

use super::{DestinationFacts, ToolCall, ToolDenied, ToolFacts, ToolPermit};
use crate::{
    ask::{Approved, BudgetFacts},
    explain::{Change, Explanation, Outcome},
    load::Engine,
    reason::DenyReason,
};

type Decided = Result<ToolPermit, ToolDenied>;

impl Engine {
    /// Explains the decision about a call of a tool: every change of one fact that could matter is
    /// tried.
    pub fn explain_tool(&self, call: &ToolCall<'_>) -> Explanation {
        let decided = self.decide_tool(call);
        let outcome = self.outcome(&decided);
        let mut changes = Vec::new();
        let mut attempt = |change: String, call: ToolCall<'_>| {
            let then = self.outcome(&self.decide_tool(&call));
            if then.permitted != outcome.permitted {
                changes.push(Change { change, outcome: then });
            }
        };
        for &label in Label::ALL.iter().filter(|label| **label != call.label) {
            attempt(format!("with the label {label}"), ToolCall { label, ..*call });
        }
        for &integrity in Integrity::ALL.iter().filter(|other| **other != call.integrity) {
            attempt(
                format!("in a session of {integrity} content"),
                ToolCall { integrity, ..*call },
            );
        }
        for kind in call.kinds {
            let kinds: Vec<&str> = call.kinds.iter().copied().filter(|k| k != kind).collect();
            attempt(format!("without {kind}"), ToolCall { kinds: &kinds, ..*call });
        }
        if !call.tool.pinned {
            let tool = ToolFacts { pinned: true, ..call.tool };
            attempt("with its definition approved".to_owned(), ToolCall { tool, ..*call });
        }
        if !call.destination.named_by_user {
            let named = DestinationFacts { given: true, named_by_user: true, ..call.destination };
            let change = "to a destination that the user named".to_owned();
            attempt(change, ToolCall { destination: named, ..*call });
        }
        if call.destination.private {
            let outside = DestinationFacts { private: false, ..call.destination };
            let change = "to a place outside of your own network".to_owned();
            attempt(change, ToolCall { destination: outside, ..*call });
        }
        let budget = BudgetFacts { remaining: None, used_percent: 0 };
        attempt("with nothing of the budget spent".to_owned(), ToolCall { budget, ..*call });
        if let Some(given) = wanted(&decided) {
            let roles = given.roles.iter().cloned().collect::<Vec<_>>().join(", ");
            let call = ToolCall { approval: Some(&given), ..*call };
            attempt(format!("with the approval of {roles}"), call);
        }
        if !call.dry_run {
            attempt("as a dry run".to_owned(), ToolCall { dry_run: true, ..*call });
        }
        let policies = self.places(policies(&decided));
        Explanation { model: call.tool.id(), outcome, policies, changes }
    }

    fn outcome(&self, decided: &Decided) -> Outcome {
        match decided {
            Ok(permit) => Outcome::permitted(permit.obligations(), self.families()),
            Err(denied) => Outcome::denied(&denied.reason, ""),
        }
    }
}

fn policies(decided: &Decided) -> &[String] {
    decided.as_ref().map_or_else(|denied| &*denied.policies, ToolPermit::policies)
}

/// The approval that a denial asks for, as if it had been given.
fn wanted(decided: &Decided) -> Option<Approved> {
    let Err(ToolDenied { reason: DenyReason::ApprovalRequired { need }, .. }) = decided else {
        return None;
    };
    let id = ApprovalId::from_parts(0, 0);
    Some(Approved { id, roles: need.roles.clone(), approvers: need.quorum.max(1) })
}
