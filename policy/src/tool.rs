//! The decision about a call of a tool, and the only maker of a [`ToolPermit`].

mod case;
mod explain;
mod facts;
mod layers;
mod record;
mod shape;
mod terms;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin_tests;
#[cfg(test)]
mod typed_tests;
mod vocabulary;

use types::{ApprovalId, Integrity, Label, RequestId, Timestamp};

use crate::{
    ask::Caller,
    decide::{Unmet, blocked, unasked},
    digest,
    load::Engine,
    obligation::Obligations,
    reason::DenyReason,
};

pub(crate) use case::ToolAsk;
pub use facts::{DestinationFacts, ProvenanceFacts, ToolCall, ToolFacts, ToolSession};
pub(crate) use layers::{Layers, ToolPolicies};
pub use record::RecordedCall;
pub(crate) use vocabulary::{Vocabulary, is_own, tool_of};

/// Proof that policy permits one call of a tool with these arguments. Only [`Engine::decide_tool`]
/// makes one: the fields are private to this file.
#[derive(Debug, Clone)]
pub struct ToolPermit {
    request: RequestId,
    commit: String,
    caller: Caller,
    label: Label,
    integrity: Integrity,
    server: String,
    tool: String,
    policies: Vec<String>,
    obligations: Obligations,
    approval: Option<ApprovalId>,
    decided_at: Timestamp,
    input_hash: String,
}

/// Why a call of a tool is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolDenied {
    /// Why.
    pub reason: DenyReason,
    /// The policies that decided; empty where the reason is that none permits.
    pub policies: Vec<String>,
    /// The commit whose policies decided.
    pub commit: String,
}

impl Engine {
    /// Decides one call of a tool. Pure: what cannot be evaluated is denied.
    ///
    /// # Errors
    /// The denial with its reason.
    pub fn decide_tool(&self, call: &ToolCall<'_>) -> Result<ToolPermit, ToolDenied> {
        let found = self.families().closed(call.kinds);
        let call = &ToolCall { kinds: &found, ..*call };
        let denied =
            |reason, policies| ToolDenied { reason, policies, commit: self.commit().to_owned() };
        let grant = call.caller.grant.as_ref();
        if grant.is_some_and(|grant| !grant.limits.covers_tool(&call.tool.id(), call.label)) {
            return Err(denied(DenyReason::OutsideGrant, Vec::new()));
        }
        let about = self.tool_calls().about(&call.tool);
        let asked = self.names().tool_call(call, about.action());
        let asked = asked.map_err(|_| denied(DenyReason::Error, Vec::new()))?;
        let permits = about.judge(&call.caller.agent_name, &asked);
        let permits = permits.map_err(|refused| denied(refused.reason, refused.policies))?;
        let mut obligations = Obligations::default();
        permits.iter().for_each(|rule| obligations.join(&rule.obligations));
        if let Some((reason, asks)) = unmet(&obligations, call) {
            let by = permits.iter().filter(|rule| asks(&rule.obligations));
            return Err(denied(reason, by.map(|rule| rule.id.clone()).collect()));
        }
        let needs_approval = obligations.approval.is_some();
        Ok(ToolPermit {
            request: call.id,
            commit: self.commit().to_owned(),
            caller: call.caller.clone(),
            label: call.label,
            integrity: call.integrity,
            server: call.tool.server.to_owned(),
            tool: call.tool.name.to_owned(),
            policies: permits.iter().map(|rule| rule.id.clone()).collect(),
            obligations,
            approval: call.approval.filter(|_| needs_approval).map(|given| given.id),
            decided_at: call.now,
            input_hash: digest::of_json(call.input),
        })
    }

    /// Whether a policy names a tool by its own action, and so may read its arguments.
    pub fn reads_arguments(&self, tool: &ToolFacts<'_>) -> bool {
        self.tool_calls().about(tool).action().is_some()
    }

    /// Whether a tool is shown to a caller at all: both layers must permit `listTool`.
    pub fn lists_tool(
        &self,
        caller: &Caller,
        tool: &ToolFacts<'_>,
        integrity: Integrity,
        now: Timestamp,
    ) -> bool {
        if caller.grant.as_ref().is_some_and(|grant| !grant.limits.has_tool(&tool.id())) {
            return false;
        }
        let asked = self.names().tool_listing(caller, tool, integrity, now);
        asked.is_ok_and(|asked| self.tool_lists().judge(&caller.agent_name, &asked).is_ok())
    }
}

/// The first condition of a permit that does not hold. Whatever cannot be mended comes before an
/// approval: nobody is asked in vain.
fn unmet<'a>(joined: &Obligations, call: &'a ToolCall<'_>) -> Option<Unmet<'a>> {
    if let Some(unmet) = blocked(joined, call.kinds) {
        return Some(unmet);
    }
    if let (Some(most), Some(price)) = (joined.max_cost, call.tool.price)
        && price > most
    {
        let asks = move |one: &Obligations| one.max_cost == Some(most);
        return Some((DenyReason::TooDear { most }, Box::new(asks)));
    }
    unasked(joined, call.dry_run, call.approval)
}

impl ToolPermit {
    /// The request that was decided.
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Who called.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// How confidential the session and the arguments are.
    pub const fn label(&self) -> Label {
        self.label
    }

    /// Whether what the session has seen may be trusted.
    pub const fn integrity(&self) -> Integrity {
        self.integrity
    }

    /// The name of the tool's server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The tool's own name.
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// The ids of the policies of both layers that permit it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// What must be done for the permit to hold.
    pub const fn obligations(&self) -> &Obligations {
        &self.obligations
    }

    /// The approval that the permit stands on: it must be used up before anything is called.
    pub const fn approval(&self) -> Option<ApprovalId> {
        self.approval
    }

    /// When it was decided.
    pub const fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// SHA-256 of the arguments that were decided about, as JSON with its keys in order and no
    /// blanks, in hexadecimal. With other arguments the permit is none.
    pub fn input_hash(&self) -> &str {
        &self.input_hash
    }
}
