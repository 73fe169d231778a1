//! From findings to one label: the highest of them, raised by combination rules.

use types::Label;

use crate::{Family, Finding, Kind, Rule, Settings};

/// The label of a request, and the rules that raised it. `addresses` is how many distinct e-mail
/// addresses and phone numbers there are.
pub(crate) fn label(
    settings: &Settings,
    findings: &[Finding],
    addresses: usize,
    complete: bool,
) -> (Label, Vec<Rule>) {
    let rules: Vec<Rule> = Rule::ALL
        .iter()
        .copied()
        .filter(|rule| match rule {
            Rule::BulkList => addresses >= settings.bulk_list_min.max(1),
            Rule::HealthOfPerson => any(findings, is_ailment) && any(findings, tells_who),
            Rule::Identity => is_identity(findings),
        })
        .collect();
    let raised = !complete || !rules.is_empty();
    let label = if raised { Label::Restricted } else { settings.label_without_findings };
    (findings.iter().map(|finding| finding.label).fold(label, Label::join), rules)
}

/// Whether this kind counts towards a bulk list.
pub(crate) fn is_address(kind: Kind) -> bool {
    [Kind::EMAIL, Kind::PHONE].contains(&kind)
}

fn any(findings: &[Finding], is: fn(Kind) -> bool) -> bool {
    findings.iter().any(|finding| is(finding.kind))
}

/// Health data that is no number of a person by itself.
fn is_ailment(kind: Kind) -> bool {
    kind.family() == Family::Health && !tells_who(kind)
}

/// Whether it leads to one person: a name, an address, a number that is somebody's.
fn tells_who(kind: Kind) -> bool {
    let numbers_of_patients = ["medical_record", "health_plan", "us_mbi", "uk_nhs"];
    let of_nobody = ["ip", "url", "mac", "gps", "vin", "date_of_birth"];
    kind.family() == Family::Name
        || (kind.family() == Family::Personal && !of_nobody.contains(&kind.as_str()))
        || numbers_of_patients.contains(&kind.as_str())
}

fn is_identity(findings: &[Finding]) -> bool {
    let has = |name: &str| findings.iter().any(|finding| finding.kind.as_str() == name);
    let more =
        |kind: Kind| tells_who(kind) && !["person", "email", "phone"].contains(&kind.as_str());
    any(findings, |kind| kind.family() == Family::Name)
        && has("date_of_birth")
        && any(findings, more)
}
