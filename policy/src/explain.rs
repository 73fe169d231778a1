//! Why a call is decided as it is, and what would change the answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use types::{ApprovalId, Integrity, Label, Locality, SizeClass};

use crate::{
    Allowed, Decision,
    ask::{Approved, BudgetFacts, ModelCall, ModelFacts},
    family::Families,
    load::Engine,
    obligation::{Obligations, names},
    reason::DenyReason,
};

/// One decision, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The model or tool that was asked about.
    pub model: String,
    /// What is decided.
    pub outcome: Outcome,
    /// The policies that decided, with their places.
    pub policies: Vec<Place>,
    /// Single changes that would change the answer.
    pub changes: Vec<Change>,
}

/// What is decided, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether it is permitted.
    pub permitted: bool,
    /// The name of the reason of a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for people, or what a permit obliges to.
    pub told: String,
}

/// A policy and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// The file's path in the tree.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A change of one fact, and what would be decided then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The change, such as `with the label internal`.
    pub change: String,
    /// What would be decided.
    pub outcome: Outcome,
}

impl Engine {
    /// Explains the decision about a call and one model: every change of one fact that could matter
    /// is tried.
    pub fn explain(&self, call: &ModelCall<'_>, model: &ModelFacts<'_>) -> Explanation {
        let decision = self.decide(call, &[*model]);
        let outcome = Outcome::of(&decision, self.families());
        let mut changes = Vec::new();
        let mut attempt = |change: String, call: &ModelCall<'_>, model: ModelFacts<'_>| {
            let then = Outcome::of(&self.decide(call, &[model]), self.families());
            if then.permitted != outcome.permitted {
                changes.push(Change { change, outcome: then });
            }
        };
        for &label in Label::ALL.iter().filter(|label| **label != call.label) {
            attempt(format!("with the label {label}"), &ModelCall { label, ..*call }, *model);
        }
        for &integrity in Integrity::ALL.iter().filter(|other| **other != call.integrity) {
            attempt(format!("with {integrity} content"), &ModelCall { integrity, ..*call }, *model);
        }
        for kind in call.kinds {
            let kinds: Vec<&str> = call.kinds.iter().copied().filter(|k| k != kind).collect();
            attempt(format!("without {kind}"), &ModelCall { kinds: &kinds, ..*call }, *model);
        }
        if call.request.tools {
            let mut without = *call;
            without.request.tools = false;
            attempt("without tools".to_owned(), &without, *model);
        }
        if call.request.images {
            let mut without = *call;
            without.request.images = false;
            attempt("without images".to_owned(), &without, *model);
        }
        let fresh = BudgetFacts { remaining: None, used_percent: 0 };
        attempt(
            "with nothing of the budget spent".to_owned(),
            &ModelCall { budget: fresh, ..*call },
            *model,
        );
        if let Some(given) = wanted(&decision) {
            let roles = given.roles.iter().cloned().collect::<Vec<_>>().join(", ");
            let call = ModelCall { approval: Some(&given), ..*call };
            attempt(format!("with the approval of {roles}"), &call, *model);
        }
        if !call.dry_run {
            attempt("as a dry run".to_owned(), &ModelCall { dry_run: true, ..*call }, *model);
        }
        for &locality in Locality::ALL.iter().filter(|other| **other != model.locality) {
            let model = ModelFacts { locality, ..*model };
            attempt(format!("on a {locality} model"), call, model);
        }
        for size in
            SizeClass::ALL.iter().map(|size| size.as_str()).filter(|size| *size != model.size)
        {
            attempt(format!("on a {size} model"), call, ModelFacts { size, ..*model });
        }
        if model.retention_days != Some(0) {
            let model = ModelFacts { retention_days: Some(0), ..*model };
            attempt("on a model whose provider keeps nothing".to_owned(), call, model);
        }
        let policies = self.places(&policies(&decision));
        Explanation { model: model.id.to_owned(), outcome, policies, changes }
    }

    /// Where policies stand.
    pub fn places(&self, ids: &[String]) -> Vec<Place> {
        let own = self.agents().values().flat_map(|agent| &agent.policies);
        let all = self.organisation().iter().chain(own);
        let found = all.filter(|parsed| ids.contains(&parsed.rule.id));
        found.map(|p| Place { id: p.rule.id.clone(), file: p.file.clone(), line: p.line }).collect()
    }
}

impl Outcome {
    fn of(decision: &Decision, families: &Families) -> Self {
        if let Some(denied) = decision.denied.first() {
            let reroute =
                if denied.reroute_local { "; a local model may serve it instead" } else { "" };
            return Self::denied(&denied.reason, reroute);
        }
        let allowed = decision.permit.iter().flat_map(|permit| permit.models()).next();
        let nothing = Obligations::default();
        let obligations = allowed.map_or(&nothing, Allowed::obligations);
        Self { permitted: allowed.is_some(), ..Self::permitted(obligations, families) }
    }

    /// A denial, and what may be done instead.
    pub(crate) fn denied(reason: &DenyReason, instead: &str) -> Self {
        Self {
            permitted: false,
            reason: Some(reason.as_str().to_owned()),
            told: format!("denied: {reason}{instead}"),
        }
    }

    /// A permit, and what it obliges to.
    pub(crate) fn permitted(obligations: &Obligations, families: &Families) -> Self {
        let told = obliged(obligations, families);
        let told =
            if told.is_empty() { "permitted".to_owned() } else { format!("permitted, if {told}") };
        Self { permitted: true, reason: None, told }
    }
}

/// The policies that decided about the one model.
fn policies(decision: &Decision) -> Vec<String> {
    let denied = decision.denied.iter().flat_map(|denied| denied.policies.clone());
    let allowed = decision.permit.iter().flat_map(|permit| permit.models());
    denied.chain(allowed.flat_map(|allowed| allowed.policies().to_vec())).collect()
}

/// The approval that a denial asks for, as if it had been given.
fn wanted(decision: &Decision) -> Option<Approved> {
    decision.denied.iter().find_map(|denied| match &denied.reason {
        DenyReason::ApprovalRequired { need } => Some(Approved {
            id: ApprovalId::from_parts(0, 0),
            roles: need.roles.clone(),
            approvers: need.quorum.max(1),
        }),
        _ => None,
    })
}

/// Obligations in words; empty where there are none.
fn obliged(obligations: &Obligations, families: &Families) -> String {
    let Obligations {
        redact,
        block,
        restore: _,
        withhold: _,
        answer_redact,
        answer_block,
        max_cost,
        max_tokens,
        log_full,
        audit_required,
        local_only,
        retention_days,
        dry_run_only,
        approval,
    } = obligations;
    let list = |kinds: &BTreeSet<String>| kinds.iter().cloned().collect::<Vec<_>>().join(", ");
    let back = back(obligations, families);
    let when = |holds: bool, text: &str| holds.then(|| text.to_owned());
    let all = [
        when(!redact.is_empty(), &format!("{} is redacted", list(redact))),
        when(!back.is_empty(), &format!("{} is put back in the answer", list(&back))),
        when(!block.is_empty(), &format!("it has no {}", list(block))),
        when(
            !answer_redact.is_empty(),
            &format!("{} is redacted in the answer", list(answer_redact)),
        ),
        when(!answer_block.is_empty(), &format!("the answer has no {}", list(answer_block))),
        max_cost.map(|cost| format!("it costs at most {cost}")),
        max_tokens.map(|tokens| format!("it has at most {tokens} output tokens")),
        when(*log_full, "it is recorded in full"),
        when(*audit_required, "its record is on the disk first"),
        when(*local_only, "the model is local"),
        retention_days.map(|days| format!("the provider keeps it for {days} days at most")),
        when(*dry_run_only, "it is a dry run"),
        approval.as_ref().map(|need| format!("{need} approved")),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What is put back in the answer: families where all of their kinds are, kinds where some are.
fn back(obligations: &Obligations, families: &Families) -> BTreeSet<String> {
    let one = |word: &String| -> Vec<String> {
        let named = [word.clone()].into();
        let (back, kept): (Vec<_>, Vec<_>) = families
            .pairs()
            .filter(|(kind, family)| names(&named, kind, family))
            .partition(|(kind, family)| obligations.restores(kind, family));
        if kept.is_empty() {
            return vec![word.clone()];
        }
        back.into_iter().map(|(kind, _)| kind.to_owned()).collect()
    };
    obligations.restore.iter().flat_map(one).collect()
}
