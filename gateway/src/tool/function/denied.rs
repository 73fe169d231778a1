//! Why a call of a function is not made, and what is read in its place.

use policy::ToolDenied;
use serde_json::Value;
use types::Code;

use super::super::ask::code;
use crate::refusal::Refusal;

/// As much of a name that a model made up as its caller is told again.
const NAME_CHARS_MAX: usize = 64;

/// Why a call is not made.
pub(super) struct Denied {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) policies: Vec<String>,
    pub(super) approval: Option<String>,
    /// The rate limit that stood in the way.
    pub(super) limit: Option<Box<Value>>,
}

impl Denied {
    pub(super) const fn new(code: Code, message: String) -> Self {
        Self { code, message, policies: Vec::new(), approval: None, limit: None }
    }

    pub(super) fn of(refusal: Refusal) -> Self {
        let Refusal { code, message, policies, .. } = refusal;
        Self { policies, ..Self::new(code, message) }
    }

    pub(super) fn by(denied: &ToolDenied) -> Self {
        let policies = denied.policies.clone();
        Self { policies, ..Self::new(code(&denied.reason), denied.reason.to_string()) }
    }

    /// What the model and the client read in place of the call.
    pub(super) fn told(&self, name: &str) -> String {
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let mut more = Vec::new();
        match self.policies.as_slice() {
            [] => {}
            [one] => more.push(format!("policy {one}")),
            several => more.push(format!("policies {}", several.join(", "))),
        }
        more.extend(self.approval.as_ref().map(|id| format!("approval {id}")));
        let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join("; ")) };
        format!("[orchestack] the call of `{name}` was not permitted: {}{more}", self.message)
    }
}
