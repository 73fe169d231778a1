//! Numbering plans from the metadata of the `phonenumber` library.
//!
//! Its own parser is not used: it shares one bounded cache of compiled patterns behind a lock, so
//! a text with numbers of many countries compiles them again and again. We compile each country's
//! pattern once, on the first number that needs it.

use std::{collections::BTreeMap, sync::LazyLock};

use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex::Regex;

use crate::score::Validity;

/// Every plan by its region or, for numbers without one, by `001` and the calling code.
static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(|| DATABASE.iter().map(Plan::new).collect());

static BY_CODE: LazyLock<BTreeMap<u16, Vec<&'static Plan>>> = LazyLock::new(|| {
    let mut by_code = BTreeMap::<u16, Vec<&'static Plan>>::new();
    for plan in PLANS.iter() {
        by_code.entry(plan.code).or_default().push(plan);
    }
    by_code
});

/// The numbers of one region.
pub(crate) struct Plan {
    region: String,
    code: u16,
    /// What is dialled before a national number, such as `0`; not part of it.
    trunk: Option<String>,
    lengths: Vec<usize>,
    /// None when the library's pattern does not compile, which a test rules out.
    pattern: LazyLock<Option<Regex>, Box<dyn FnOnce() -> Option<Regex> + Send>>,
}

impl Plan {
    fn new(metadata: &'static Metadata) -> Self {
        let general = metadata.descriptors().general();
        Self {
            region: metadata.id().to_owned(),
            code: metadata.country_code(),
            trunk: metadata.national_prefix().map(str::to_owned),
            lengths: general.possible_length().iter().map(|&length| usize::from(length)).collect(),
            pattern: LazyLock::new(Box::new(move || pattern(metadata))),
        }
    }

    /// The plan of a region.
    pub(crate) fn of_region(region: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.region == region)
    }

    /// Whether the digits, as dialled inside the region, are a number of it.
    pub(crate) fn national(&self, digits: &str) -> Validity {
        let stripped = self.trunk.as_deref().and_then(|trunk| digits.strip_prefix(trunk));
        if self.is_match(digits) || stripped.is_some_and(|digits| self.is_match(digits)) {
            Validity::Valid
        } else {
            Validity::Invalid
        }
    }

    fn is_match(&self, digits: &str) -> bool {
        let possible = self.lengths.is_empty() || self.lengths.contains(&digits.len());
        possible && self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(digits))
    }
}

/// Whether the digits are a number with its calling code in front. A trunk `0` in between, as in
/// `+44 (0)20`, is forgiven.
pub(crate) fn international(digits: &str) -> Validity {
    for length in 1..=3 {
        let Some((code, national)) = digits.split_at_checked(length) else { break };
        let plans = code.parse().ok().and_then(|code: u16| BY_CODE.get(&code));
        if let Some(plans) = plans {
            // No calling code is the beginning of another one (ITU-T E.164).
            let valid = plans.iter().any(|plan| plan.national(national) == Validity::Valid);
            return if valid { Validity::Valid } else { Validity::Invalid };
        }
    }
    Validity::Invalid
}

/// One pattern for all kinds of numbers of a region.
fn pattern(metadata: &Metadata) -> Option<Regex> {
    let kinds = metadata.descriptors();
    let kinds = [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.personal_number(),
        kinds.voip(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ];
    let mut patterns: Vec<String> = kinds
        .into_iter()
        .flatten()
        .map(Descriptor::national_number)
        .map(|pattern| format!("(?:{})", pattern.as_str()))
        .collect();
    patterns.dedup();
    // ASCII digits only: `\d` of all scripts costs megabytes of automaton.
    let pattern = patterns.join("|").replace(r"\d", "[0-9]");
    Regex::new(&format!(r"\A(?x:{pattern})\z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_compiles_and_knows_its_own_example() {
        let mut checked = 0;
        for metadata in DATABASE.iter() {
            let plan = Plan::of_region(metadata.id()).unwrap();
            assert!(plan.pattern.is_some(), "{}", metadata.id());
            let mobile = metadata.descriptors().mobile().and_then(|mobile| mobile.example());
            if let Some(example) = mobile.filter(|_| plan.code == metadata.country_code()) {
                let full = format!("{}{example}", metadata.country_code());
                assert_eq!(international(&full), Validity::Valid, "{}", metadata.id());
                checked += 1;
            }
        }
        assert!(checked > 200);
    }

    #[test]
    fn digits_of_no_plan_are_invalid() {
        assert_eq!(international(""), Validity::Invalid);
        assert_eq!(international("1"), Validity::Invalid);
        assert_eq!(international("999123456789"), Validity::Invalid);
    }
}
