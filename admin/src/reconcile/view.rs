//! A comparison as it is told.

use budget::{Export, Findings, Found};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sheet::Rest;
use crate::money::Money;

/// A provider's export beside the ledger. Amounts of credits are below zero.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reconciliation {
    /// The file, as it was named.
    pub file: String,
    /// The provider that it is of.
    pub provider: String,
    /// The first instant of what was compared; absent where nothing was.
    pub from: Option<String>,
    /// The first instant after it.
    pub to: Option<String>,
    /// Each model that the export names and the registry knows, by its name at the provider.
    pub models: Vec<ReconciledModel>,
    /// All of them together.
    pub total: ReconciledModel,
    /// How many calls are credited or charged.
    pub calls: u64,
    /// What was booked; absent where it was only asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked: Option<BookedShares>,
    /// Buckets that were not compared, and why.
    pub left_out: Vec<LeftOut>,
    /// Models that the export names and none of ours is.
    pub unmatched: Vec<UnmatchedModel>,
    /// Models of ours that were called in these buckets and that the export does not name.
    pub absent: Vec<Absent>,
    /// What else should be looked at.
    pub notes: Vec<String>,
}

/// What was found of one model.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReconciledModel {
    /// Its name at the provider, without the date of a snapshot where it is registered so.
    pub model: String,
    /// The ids of ours that it is.
    pub ids: Vec<String>,
    /// Buckets that were compared.
    pub buckets: u64,
    /// What the provider's tokens cost at our prices.
    pub theirs: Money,
    /// What we charged.
    pub ours: Money,
    /// What we charged beyond what the provider billed.
    pub difference: Money,
    /// The differences of all buckets, whatever their sign, as far as they are rounding or within what
    /// ran across a bucket's edge. They stay.
    pub edges: Money,
    /// What calls are credited and charged that we counted.
    pub counted: Money,
    /// The same of calls that were charged their whole hold.
    pub worst_case: Money,
    /// The same of calls that were charged provisionally, as their process was gone.
    pub provisional: Money,
    /// What we charged beyond what the provider billed and nothing explains. It is never booked.
    pub unexplained: Money,
    /// How much of the differences is explained, in percent, such as `99.98`; rounded down.
    pub explained_percent: String,
}

/// What was booked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BookedShares {
    /// Calls that were credited or charged.
    pub calls: u64,
    /// Calls that were charged something else meanwhile, or may yet be; the next run sees them.
    pub passed_over: u64,
    /// What was credited.
    pub credited: Money,
    /// What was charged.
    pub charged: Money,
}

/// Buckets that were not compared.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// The model that they are left out for; absent for all.
    pub model: Option<String>,
    /// How many.
    pub buckets: u64,
    /// The first instant of the first.
    pub from: String,
    /// The first instant after the last.
    pub to: String,
    /// Why.
    pub why: String,
}

/// A model that the export names and none of ours is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UnmatchedModel {
    /// The provider's name of it.
    pub model: String,
    /// Calls, where the export counts them; else 0.
    pub requests: u64,
    /// Tokens in.
    pub input_tokens: u64,
    /// Tokens out.
    pub output_tokens: u64,
}

/// A model of ours that the export does not name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Absent {
    /// Our id of it.
    pub model: String,
    /// Calls in the buckets that were compared.
    pub calls: u64,
    /// What they were charged. It stays.
    pub charged: Money,
}

/// The view of a comparison.
pub(super) fn of(
    (file, provider, export): (String, String, &Export),
    rest: Rest,
    findings: &Findings,
    changed: usize,
) -> Reconciliation {
    let none = Found::default();
    let notes = notes(export, &rest, findings);
    let models = rest.ids.into_iter().map(|(model, ids)| {
        let found = findings.models.get(&model).unwrap_or(&none);
        line(model, ids, found)
    });
    Reconciliation {
        file,
        provider,
        from: rest.span.map(|(from, _)| from.to_string()),
        to: rest.span.map(|(_, to)| to.to_string()),
        models: models.collect(),
        total: line(String::new(), Vec::new(), &findings.all),
        calls: u64::try_from(changed).unwrap_or(u64::MAX),
        booked: None,
        left_out: rest
            .left_out
            .into_iter()
            .map(|((model, why), spans)| LeftOut {
                model: (!model.is_empty()).then_some(model),
                buckets: spans.buckets,
                from: spans.from.to_string(),
                to: spans.to.to_string(),
                why,
            })
            .collect(),
        unmatched: rest
            .unmatched
            .into_iter()
            .map(|(model, [requests, input_tokens, output_tokens])| UnmatchedModel {
                model,
                requests,
                input_tokens,
                output_tokens,
            })
            .collect(),
        absent: rest
            .absent
            .into_iter()
            .map(|(model, (calls, charged))| Absent { model, calls, charged: charged.into() })
            .collect(),
        notes,
    }
}

/// What else should be looked at.
fn notes(export: &Export, rest: &Rest, findings: &Findings) -> Vec<String> {
    let mut notes = Vec::new();
    if export.more {
        notes.push("the export says that there is more of it: its last page names another".into());
    }
    if rest.lost.0 > 0 {
        notes.push(format!(
            "calls of a process that is gone may be missing, for which {} is charged: until its journal \
             comes, nobody is charged more",
            rest.lost
        ));
    }
    if rest.others {
        notes.push(
            "another tenant has calls to a provider of this name: nobody is charged more, for it may be \
             theirs"
                .into(),
        );
    }
    if rest.strange {
        notes.push(
            "calls were made at another price, or to another model, than the registry has by now: \
             nobody is charged more, for it may be theirs"
                .into(),
        );
    }
    if findings.all.unexplained.0 < 0 {
        notes.push(
            "the provider billed more than our calls explain: others may use the same account; \
             export only the project, workspace or key that this gateway uses"
                .into(),
        );
    }
    notes
}

fn line(model: String, ids: Vec<String>, found: &Found) -> ReconciledModel {
    let explained = found.explained_basis_points();
    ReconciledModel {
        model,
        ids,
        buckets: found.buckets,
        theirs: found.theirs.into(),
        ours: found.ours.into(),
        difference: found.difference().into(),
        edges: found.edges.into(),
        counted: found.counted.into(),
        worst_case: found.worst_case.into(),
        provisional: found.provisional.into(),
        unexplained: found.unexplained.into(),
        explained_percent: format!("{}.{:02}", explained / 100, explained % 100),
    }
}
