//! What policy is asked about one call, whoever would run it, and the code of what it says.

use std::collections::BTreeSet;

use dlp::{Finding, Findings};
use policy::{
    Approved, BudgetFacts, DenyReason, DestinationFacts, Engine, ProvenanceFacts, RecordedCall,
    ToolCall, ToolDenied, ToolFacts, ToolPermit, ToolSession,
};
use serde_json::Value;
use tools::flow::Provenance;
use types::{Code, Integrity, Label, RequestId, SessionId, Timestamp};

use super::destination::Destinations;
use crate::metrics;

/// The Cedar action of every call of a tool.
pub(super) const CALL_TOOL: &str = "callTool";
/// The most hosts that people who are asked are shown.
const HOSTS_MAX: usize = 16;

/// Everything that policy is asked about.
pub(super) struct Ask<'a> {
    pub(super) id: RequestId,
    pub(super) caller: &'a policy::Caller,
    pub(super) label: Label,
    pub(super) integrity: Integrity,
    /// What was found in the arguments.
    pub(super) findings: &'a Findings,
    pub(super) budget: BudgetFacts,
    pub(super) session: Option<SessionId>,
    /// Calls of the session before this one.
    pub(super) calls: u64,
    /// The servers whose results the session has seen.
    pub(super) sources: &'a BTreeSet<String>,
    pub(super) tool: ToolFacts<'a>,
    /// As the tool would get them.
    pub(super) arguments: &'a Value,
    pub(super) provenance: &'a Provenance,
    pub(super) destinations: &'a Destinations,
    pub(super) dry_run: bool,
}

impl Ask<'_> {
    /// Asks policy. `approval` is what people gave for exactly this call.
    pub(super) fn decide(
        &self,
        policy: &Engine,
        approval: Option<&Approved>,
    ) -> Result<ToolPermit, ToolDenied> {
        let decided = self.with(approval, |call| policy.decide_tool(call));
        let effect = if decided.is_ok() { "permit" } else { "deny" };
        metrics::DECISIONS.with_label_values(&[effect]).inc();
        if let Err(ToolDenied { reason: DenyReason::Error, policies, commit }) = &decided {
            metrics::POLICY_ERRORS.inc();
            tracing::error!(?policies, %commit, "a policy could not be evaluated; the call of a tool is denied");
        }
        decided
    }

    /// What policy is asked, for the record: without a word of the arguments that their schema does not know but for
    /// the hosts that they name, and without these where a restricted value was found, for it may stand in one.
    pub(super) fn recorded(&self, schema: &Value) -> RecordedCall {
        let restricted = |found: &Finding| found.label == Label::Restricted;
        let hosts = self.findings.complete && !self.findings.findings.iter().any(restricted);
        self.with(None, |call| RecordedCall::of(call, |name| is_of_schema(name, schema), hosts))
    }

    fn with<T>(&self, approval: Option<&Approved>, ask: impl FnOnce(&ToolCall<'_>) -> T) -> T {
        let Provenance { trusted, untrusted, unmatched, .. } = self.provenance;
        let [trusted, untrusted, unmatched, sources, hosts] =
            [trusted, untrusted, unmatched, self.sources, &self.destinations.hosts]
                .map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
        ask(&ToolCall {
            id: self.id,
            caller: self.caller,
            label: self.label,
            integrity: self.integrity,
            kinds: &kinds(self.findings),
            budget: self.budget,
            session: ToolSession { id: self.session, calls: self.calls, sources: &sources },
            tool: self.tool,
            input: self.arguments,
            provenance: ProvenanceFacts {
                trusted: &trusted,
                untrusted: &untrusted,
                unmatched: &unmatched,
            },
            destination: DestinationFacts {
                given: self.destinations.is_given(),
                hosts: &hosts,
                private: self.destinations.private,
                named_by_user: self.destinations.named_by_user,
            },
            approval,
            dry_run: self.dry_run,
            now: Timestamp::now(),
        })
    }
}

/// Whether a name or pointer of an argument has no word in it that the schema does not know: the rest may be
/// the caller's own text.
pub(super) fn is_of_schema(name: &str, schema: &Value) -> bool {
    let mut words = name.strip_prefix('/').unwrap_or(name).split('/');
    let known = |word: &str| schema.get("properties").is_some_and(|all| all.get(word).is_some());
    words.next().is_some_and(known) && words.all(|word| word.bytes().all(|b| b.is_ascii_digit()))
}

/// The kinds that were found, each once.
pub(super) fn kinds(findings: &Findings) -> Vec<&'static str> {
    let mut kinds: Vec<_> = findings.findings.iter().map(|finding| finding.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The hosts that people are shown.
pub(super) fn shown_hosts(destinations: &Destinations) -> Vec<&str> {
    destinations.hosts.iter().take(HOSTS_MAX).map(String::as_str).collect()
}

/// The code of a denial.
pub(super) const fn code(reason: &DenyReason) -> Code {
    use DenyReason as R;
    match reason {
        R::Blocked { .. } => Code::DlpBlocked,
        R::ApprovalRequired { .. } => Code::ApprovalRequired,
        R::Error
        | R::Forbidden { .. }
        | R::NoPermit { .. }
        | R::OutsideGrant
        | R::NotLocal
        | R::Retention { .. }
        | R::TooDear { .. }
        | R::DryRunOnly => Code::PolicyDenied,
    }
}
