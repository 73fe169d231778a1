//! The decision about one call: what policy is asked about it, what its denial means to the caller, and the
//! question to people where policy wants one.

use std::collections::BTreeSet;

use dlp::Findings;
use mcp::Progress;
use policy::{ApprovalNeed, Approved, BudgetFacts, DenyReason, ToolDenied, ToolPermit};
use serde_json::{Value, json};
use snapshot::{Pinned, Tool, keys::sha256_hex};
use store::approvals::{Approval, Kind};
use tools::{
    canonical,
    flow::{Provenance, provenance},
};
use types::{Code, Timestamp};

use super::{
    Context,
    arguments::Given,
    ask::{Ask, code, is_of_schema, kinds, shown_hosts},
    content::shape,
    destination::Destinations,
    session::Session,
    story::{FlowTold, Story},
};
use crate::{
    approval::Question, authorize::budget_facts, gate::Gate, refusal::Refusal, serve::work_on,
};

/// Everything that policy is asked about.
pub(super) struct Facts<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) tool: &'a Tool,
    pub(super) pinned: &'a Pinned,
    /// As the tool would get them.
    pub(super) arguments: &'a Value,
    pub(super) findings: &'a Findings,
    pub(super) session: &'a Session,
    pub(super) provenance: Provenance,
    pub(super) destinations: Destinations,
    pub(super) budget: BudgetFacts,
}

/// A call that is not permitted, and who could approve it all the same.
pub(super) struct Unmet {
    pub(super) refusal: Refusal,
    pub(super) need: Option<ApprovalNeed>,
    /// The policies that want the approval, or deny.
    policies: Vec<String>,
}

impl<'a> Facts<'a> {
    /// Gathers what is known of a call in its session.
    pub(super) async fn of(
        gate: &Gate,
        context: &'a Context<'a>,
        (tool, pinned, given): (&'a Tool, &'a Pinned, &'a Given),
        session: &'a Session,
    ) -> Result<Self, Refusal> {
        let (arguments, findings) = (&given.arguments.0, &given.findings);
        let bytes = given.bytes + session.seen.iter().map(|seen| seen.print.bytes()).sum::<usize>();
        let provenance = work_on(bytes, || provenance(arguments, &session.seen, &session.salt));
        let destinations = Destinations::of(tool, arguments, &provenance);
        let (agent, caller) = (context.known.agent, &context.known.caller);
        let caps = context.snapshot.path(agent, caller, context.session, None, Timestamp::now());
        let budget = budget_facts(gate, &caps).await?;
        Ok(Self {
            context,
            tool,
            pinned,
            arguments,
            findings,
            session,
            provenance,
            destinations,
            budget,
        })
    }

    /// Asks policy. `approval` is what people gave for exactly this call.
    pub(super) fn decide(
        &self,
        story: &mut Story,
        approval: Option<&Approved>,
    ) -> Result<ToolPermit, Box<Unmet>> {
        let (context, session) = (self.context, self.session);
        let label = self.findings.label.join(session.label).join(context.label);
        story.label = Some(label);
        story.session_label = context.session.map(|_| session.label);
        story.integrity = Some(session.integrity);
        story.flow = Some(FlowTold::of(&self.provenance, &self.destinations));
        let ask = Ask {
            id: context.request,
            caller: &context.known.caller,
            label,
            integrity: session.integrity,
            findings: self.findings,
            budget: self.budget,
            session: context.session,
            calls: session.calls,
            sources: &session.sources,
            tool: self.tool.facts(true),
            arguments: self.arguments,
            provenance: &self.provenance,
            destinations: &self.destinations,
            dry_run: context.dry_run,
        };
        story.call = Some(ask.recorded(&self.pinned.definition.input_schema));
        let decided = ask.decide(&context.snapshot.policy, approval);
        decided.map_err(|denied| Box::new(unmet(story, denied)))
    }

    /// What people say to this call: the approval that they gave for exactly it, or the refusal with the id of the
    /// question.
    pub(super) async fn people(
        &self,
        gate: &Gate,
        story: &mut Story,
        unmet: Unmet,
    ) -> Result<Approved, Refusal> {
        let Unmet { refusal, need, policies } = unmet;
        let Some(need) = need else { return Err(refusal) };
        let context = self.context;
        let bound = json!({
            "tool": story.id(), "definition": self.pinned.hash.as_str(), "arguments": self.arguments,
            // People were shown what this session has seen, and not what another one has.
            "session": context.session,
        });
        let question = Question {
            known: context.known,
            snapshot: context.snapshot,
            request: context.request,
            kind: Kind::ToolCall,
            subject_hash: sha256_hex(canonical(&bound).as_bytes()),
            need: &need,
            reason: format!("policy asks before `{}` is called", story.id()),
            detail: self.shown(story, &policies),
            arguments: Some((self.arguments, self.findings)),
        };
        let mut told = false;
        let asked = |found: &Approval| {
            story.approval = Some(found.id.to_string());
            // A client that waits hears why, so that it does not give up.
            if !std::mem::replace(&mut told, true) && !context.wait.is_zero() {
                let message = Some(format!(
                    "people are asked whether this may be called (approval {})",
                    found.id
                ));
                context.caller.progress(Progress { done: 0.0, total: None, message });
            }
        };
        let wait = (context.wait, std::future::pending());
        let given = question.people(gate, wait, asked, refusal).await?;
        let now = gate.snapshots.load();
        if !context.known.stands(&now, Timestamp::now()) {
            let message =
                "the caller's credential was taken away while the approval was waited for";
            return Err(Refusal::new(Code::Unauthenticated, message));
        }
        question.still_holds(&now)?;
        Ok(given)
    }

    /// What people are shown: names, kinds, lengths and where it goes; no value of an argument.
    fn shown(&self, story: &Story, policies: &[String]) -> Value {
        let schema = &self.pinned.definition.input_schema;
        let known = |names: &BTreeSet<String>| -> Vec<String> {
            names.iter().filter(|name| is_of_schema(name, schema)).cloned().collect()
        };
        let Provenance { trusted, untrusted, unmatched, sources } = &self.provenance;
        json!({
            "request": story.request.to_string(),
            "server": story.server,
            "tool": story.tool,
            "effect": self.tool.effect,
            "definition": self.pinned.hash.as_str(),
            "session": story.session.map(|session| session.to_string()),
            "label": story.label,
            "integrity": story.integrity,
            "sources": self.session.sources,
            "arguments": shape(self.arguments, schema),
            "provenance": {
                "trusted": known(trusted), "untrusted": known(untrusted), "unmatched": known(unmatched),
                "sources": sources,
            },
            "destinations": shown_hosts(&self.destinations),
            "private": self.destinations.private,
            "named_by_user": self.destinations.named_by_user,
            "kinds": kinds(self.findings),
            "findings": story.found,
            "policies": policies,
            "commit": self.context.snapshot.commit,
        })
    }
}

/// What a denial means to the caller.
fn unmet(story: &Story, denied: ToolDenied) -> Unmet {
    let ToolDenied { reason, policies, .. } = denied;
    let tool = story.id();
    let code = code(&reason);
    let message = match &reason {
        DenyReason::Blocked { kinds } => {
            story.found.blocked(kinds.iter().map(String::as_str));
            let kinds = kinds.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            format!("policy blocks this kind of data in arguments: {kinds}")
        }
        DenyReason::ApprovalRequired { need } => {
            format!("this call of `{tool}` needs the approval of {need}")
        }
        DenyReason::OutsideGrant => {
            format!("the capability grant does not cover `{tool}` for this call")
        }
        DenyReason::Forbidden { .. } => format!("policy forbids this call of `{tool}`"),
        DenyReason::NoPermit { .. } => {
            format!("no policy permits this agent to call `{tool}` so")
        }
        DenyReason::Error => "a policy could not be evaluated, so the call is denied".to_owned(),
        DenyReason::NotLocal
        | DenyReason::Retention { .. }
        | DenyReason::TooDear { .. }
        | DenyReason::DryRunOnly => reason.to_string(),
    };
    let need = match reason {
        DenyReason::ApprovalRequired { need } => Some(need),
        _ => None,
    };
    Unmet { refusal: Refusal::new(code, message).with_policies(policies.clone()), need, policies }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_shown_no_name_that_a_caller_made_up() {
        let schema = json!({ "properties": { "to": {}, "note": {} } });
        for (name, told) in
            [("to", true), ("/to/0", true), ("/note/a@b.org", false), ("a@b.org", false)]
        {
            assert_eq!(is_of_schema(name, &schema), told, "{name}");
        }
    }
}
