//! From findings to one label: the highest of them, raised by combination rules.

use types::Label;

use crate::{Finding, Kind, Settings};

/// The label of a request. `addresses` is how many distinct e-mail addresses and phone numbers
/// there are, whichever is more.
pub(crate) fn label(
    settings: &Settings,
    findings: &[Finding],
    addresses: usize,
    complete: bool,
) -> Label {
    if !complete {
        return Label::Restricted;
    }
    let bulk = addresses >= settings.bulk_list_min.max(1);
    let combined = if bulk { Label::Restricted } else { settings.label_without_findings };
    findings.iter().map(|finding| finding.label).fold(combined, Label::join)
}

/// Whether this kind counts towards a bulk list.
pub(crate) fn is_address(kind: Kind) -> bool {
    [Kind::EMAIL, Kind::PHONE].contains(&kind)
}
