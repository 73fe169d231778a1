//! What policy is asked about one call of a function.

use std::collections::BTreeSet;

use dlp::Findings;
use policy::{Approved, BudgetFacts, RecordedCall, ToolDenied, ToolPermit};
use serde_json::{Value, json};
use snapshot::keys::sha256_hex;
use tools::{
    canonical,
    flow::{Provenance, Seen, provenance},
};
use types::{Integrity, Label};

use super::{
    super::{
        ask::{Ask, shown_hosts},
        content::{Arguments, shape},
        destination::Destinations,
        story::FlowTold,
    },
    Flow, Named,
};
use crate::{
    attempt::Order,
    screen::{covers, selectors},
    serve::{inspected, work_on},
    trail::{Found, Trail},
};

/// Everything that is known of a call.
pub(super) struct Facts<'a> {
    order: &'a Order<'a>,
    pub(super) tool: &'a Named<'a>,
    pub(super) arguments: Value,
    /// SHA-256 of the arguments, whatever the order of their fields.
    pub(super) input_hash: String,
    pub(super) findings: Findings,
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
    /// The session's when the call was counted: it may have seen more since the request came.
    pub(super) integrity: Integrity,
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
        let bytes = text.len() + before.seen.iter().map(|seen| seen.print.bytes()).sum::<usize>();
        let provenance = work_on(bytes, || provenance(&arguments, before.seen, &flow.salt));
        let destinations = Destinations::of(tool, &arguments, &provenance);
        Self {
            order,
            tool,
            input_hash: sha256_hex(text.as_bytes()),
            label: trail.label.unwrap_or(Label::Restricted).join(findings.label),
            integrity: flow.integrity.min(before.integrity),
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
        self.ask().decide(&self.order.snapshot.policy, approval)
    }

    /// What policy is asked, for the record.
    pub(super) fn recorded(&self) -> RecordedCall {
        let pinned = self.tool.pinned.as_ref();
        let schema = pinned.map_or(&Value::Null, |pinned| &pinned.definition.input_schema);
        self.ask().recorded(schema)
    }

    fn ask(&self) -> Ask<'_> {
        let order = self.order;
        Ask {
            id: order.permit.request(),
            caller: &order.known.caller,
            label: self.label,
            integrity: self.integrity,
            findings: &self.findings,
            budget: self.budget,
            session: order.wishes.session,
            calls: self.calls,
            sources: &order.flow.sources,
            tool: self.tool.facts(self.tool.pinned.is_some()),
            arguments: &self.arguments,
            provenance: &self.provenance,
            destinations: &self.destinations,
            dry_run: false,
        }
    }

    /// Where the arguments come from and go to, in figures.
    pub(super) fn told(&self) -> FlowTold {
        FlowTold::of(&self.provenance, &self.destinations)
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
            "destinations": shown_hosts(&self.destinations),
            "private": self.destinations.private,
            "named_by_user": self.destinations.named_by_user,
            "findings": self.found,
            "policies": policies,
            "commit": self.order.snapshot.commit,
        })
    }
}
