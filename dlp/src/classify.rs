//! From findings to one label: the highest of them, raised by combination rules.

use std::collections::BTreeSet;

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
    let kinds: BTreeSet<Kind> = findings.iter().map(|finding| finding.kind).collect();
    let rules = rules(settings, &kinds, addresses);
    let raised = !complete || !rules.is_empty();
    let label = if raised { Label::Restricted } else { settings.label_without_findings };
    (findings.iter().map(|finding| finding.label).fold(label, Label::join), rules)
}

/// The rules that these kinds and so many addresses fulfil together.
pub(crate) fn rules(settings: &Settings, kinds: &BTreeSet<Kind>, addresses: usize) -> Vec<Rule> {
    let holds = |rule: &Rule| match rule {
        Rule::BulkList => addresses >= settings.bulk_list_min.max(1),
        Rule::HealthOfPerson => any(kinds, is_ailment) && any(kinds, tells_who),
        Rule::Identity => is_identity(kinds),
    };
    Rule::ALL.iter().copied().filter(holds).collect()
}

/// Whether this kind counts towards a bulk list.
pub(crate) fn is_address(kind: Kind) -> bool {
    [Kind::EMAIL, Kind::PHONE].contains(&kind)
}

fn any(kinds: &BTreeSet<Kind>, is: fn(Kind) -> bool) -> bool {
    kinds.iter().any(|kind| is(*kind))
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

fn is_identity(kinds: &BTreeSet<Kind>) -> bool {
    let has = |name: &str| kinds.iter().any(|kind| kind.as_str() == name);
    let more =
        |kind: Kind| tells_who(kind) && !["person", "email", "phone"].contains(&kind.as_str());
    any(kinds, |kind| kind.family() == Family::Name) && has("date_of_birth") && any(kinds, more)
}
