//! What policy is asked about one call of a function.

use std::collections::BTreeSet;

use dlp::Findings;
use policy::{
    Approved, BudgetFacts, DestinationFacts, ProvenanceFacts, ToolCall, ToolDenied, ToolPermit,
    ToolSession,
};
use serde_json::{Value, json};
use snapshot::keys::sha256_hex;
use tools::{
    canonical,
    flow::{Provenance, Seen, provenance},
};
use types::{Integrity, Label, Timestamp};

use super::{
    super::{
        content::{Arguments, shape},
        destination::Destinations,
    },
    Flow, Named,
};
use crate::{
    attempt::Order,
    metrics,
    screen::{covers, selectors},
    serve::inspected,
    trail::{Found, Trail},
};

/// The most hosts that people are shown.
const HOSTS_MAX: usize = 16;

/// Everything that is known of a call.
pub(super) struct Facts<'a> {
    order: &'a Order<'a>,
    pub(super) tool: &'a Named<'a>,
    pub(super) arguments: Value,
    /// SHA-256 of the arguments, whatever the order of their fields.
    pub(super) input_hash: String,
    findings: Findings,
    pub(super) found: Found,
    pub(super) label: Label,
    pub(super) integrity: Integrity,
    pub(super) provenance: Provenance,
    pub(super) destinations: Destinations,
    budget: BudgetFacts,
    /// Calls of the session before this one.
    calls: u64,
}

/// What was there before a call.
pub(super) struct Before<'a> {
    /// The texts of the conversation and of its session.
    pub(super) seen: &'a [Seen],
    pub(super) budget: BudgetFacts,
    pub(super) calls: u64,
}

impl<'a> Facts<'a> {
    pub(super) fn of(
        order: &'a Order<'a>,
        trail: &Trail,
        (tool, arguments): (&'a Named<'a>, Value),
        before: &Before<'_>,
    ) -> Self {
        let flow = order.flow;
        let text = canonical(&arguments);
        let mut arguments = Arguments(arguments);
        let findings = inspected(order.snapshot, &mut arguments, text.len());
        let Arguments(arguments) = arguments;
        let mut found = Found::default();
        found.take(&findings);
        let provenance = provenance(&arguments, before.seen, &flow.salt);
        let destinations = Destinations::of(tool, &arguments, &provenance);
        Self {
            order,
            tool,
            input_hash: sha256_hex(text.as_bytes()),
            label: trail.label.unwrap_or(Label::Restricted).join(findings.label),
            integrity: flow.integrity,
            arguments,
            findings,
            found,
            provenance,
            destinations,
            budget: before.budget,
            calls: before.calls,
        }
    }

    /// Asks policy. `approval` is what people gave for exactly this call.
    pub(super) fn decide(&self, approval: Option<&Approved>) -> Result<ToolPermit, ToolDenied> {
        let order = self.order;
        let Provenance { trusted, untrusted, unmatched, .. } = &self.provenance;
        let [trusted, untrusted, unmatched, sources] =
            [trusted, untrusted, unmatched, &order.flow.sources]
                .map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
        let hosts: Vec<&str> = self.destinations.hosts.iter().map(String::as_str).collect();
        let mut kinds: Vec<&str> = self.findings.findings.iter().map(|f| f.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let call = ToolCall {
            id: order.permit.request(),
            caller: &order.known.caller,
            label: self.label,
            integrity: self.integrity,
            kinds: &kinds,
            budget: self.budget,
            session: ToolSession { id: order.wishes.session, calls: self.calls, sources: &sources },
            tool: self.tool.facts(self.tool.pinned.is_some()),
            input: &self.arguments,
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
            dry_run: false,
            now: Timestamp::now(),
        };
        let decided = order.snapshot.policy.decide_tool(&call);
        let effect = if decided.is_ok() { "permit" } else { "deny" };
        metrics::DECISIONS.with_label_values(&[effect]).inc();
        if let Err(ToolDenied { reason: policy::DenyReason::Error, policies, commit }) = &decided {
            metrics::POLICY_ERRORS.inc();
            tracing::error!(?policies, %commit, "a policy could not be evaluated; the call of a function is denied");
        }
        decided
    }

    /// What an approval is good for: this tool with exactly these arguments, in this session.
    pub(super) fn subject(&self) -> String {
        let bound = json!({
            "function": self.tool.id(), "arguments": self.arguments,
            "definition": self.tool.pinned.as_ref().map(|pinned| pinned.hash.to_string()),
            "session": self.order.wishes.session,
        });
        sha256_hex(canonical(&bound).as_bytes())
    }

    /// The kinds in the arguments that policy wants taken out of them.
    pub(super) fn unwanted(&self, permit: &ToolPermit) -> BTreeSet<&'static str> {
        let redact = selectors(permit.obligations().redact.iter());
        let kinds = self.findings.findings.iter().map(|finding| finding.kind);
        kinds.filter(|kind| covers(&redact, *kind)).map(dlp::Kind::as_str).collect()
    }

    /// What people are shown: names, kinds, lengths and where it goes; no value of an argument.
    pub(super) fn shown(&self, flow: &Flow, policies: &[String]) -> Value {
        let pinned = self.tool.pinned.as_ref();
        let schema = pinned.map_or(&Value::Null, |pinned| &pinned.definition.input_schema);
        json!({
            "request": self.order.permit.request().to_string(),
            "server": self.tool.server,
            "tool": self.tool.name,
            "effect": self.tool.effect,
            "function": true,
            "session": self.order.wishes.session.map(|session| session.to_string()),
            "label": self.label,
            "integrity": self.integrity,
            "sources": flow.sources,
            "arguments": shape(&self.arguments, schema),
            "provenance": {
                "trusted": self.provenance.trusted.len(),
                "untrusted": self.provenance.untrusted.len(),
                "unmatched": self.provenance.unmatched.len(),
                "sources": self.provenance.sources,
            },
            "destinations": self.destinations.hosts.iter().take(HOSTS_MAX).collect::<Vec<_>>(),
            "private": self.destinations.private,
            "named_by_user": self.destinations.named_by_user,
            "findings": self.found,
            "policies": policies,
            "commit": self.order.snapshot.commit,
        })
    }
}
