//! Numbering plans of all countries, from the metadata of libphonenumber.
//!
//! The build writes them as one table. Of a plan that is asked for, the pattern is compiled once, on
//! the first number that needs it; the start costs only the reading of the lines.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, OnceLock},
};

use regex::Regex;

use crate::{score::Validity, validate};

/// Region, calling code, trunk prefix, lengths, pattern of what is possible, pattern of what is in
/// use.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/plans.txt"));

/// Every plan by its region or, for numbers without one, by `001` and the calling code.
static PLANS: LazyLock<Vec<Plan>> =
    LazyLock::new(|| TABLE.lines().filter_map(Plan::read).collect());

static BY_CODE: LazyLock<BTreeMap<u16, Vec<&'static Plan>>> = LazyLock::new(|| {
    let mut by_code = BTreeMap::<u16, Vec<&'static Plan>>::new();
    for plan in PLANS.iter() {
        by_code.entry(plan.code).or_default().push(plan);
    }
    by_code
});

/// The numbers of one region.
pub(crate) struct Plan {
    region: &'static str,
    code: u16,
    /// What is dialled before a national number, such as `0`; not part of it.
    trunk: Option<&'static str>,
    lengths: Vec<usize>,
    /// What can be a number.
    possible: Pattern,
    /// What is one of a kind that is in use.
    in_use: Pattern,
}

struct Pattern {
    source: &'static str,
    /// None when it does not compile, which a test rules out.
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    fn compiled(&self) -> Option<&Regex> {
        let compile = || Regex::new(&format!(r"\A(?:{})\z", self.source)).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

impl Plan {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            region: fields.next()?,
            code: fields.next()?.parse().ok()?,
            trunk: fields.next().filter(|trunk| !trunk.is_empty()),
            lengths: fields.next()?.split(',').filter_map(|length| length.parse().ok()).collect(),
            possible: Pattern::new(fields.next()?),
            in_use: Pattern::new(fields.next()?),
        })
    }

    /// The plan of a region.
    pub(crate) fn of_region(region: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.region == region)
    }

    /// Whether the digits, as dialled inside the region, are a number of a kind in use.
    pub(crate) fn national(&self, digits: &str) -> Validity {
        validate::proved(self.is(&self.in_use, digits))
    }

    /// Whether a pattern has the digits, with a trunk prefix or without.
    fn is(&self, pattern: &Pattern, digits: &str) -> bool {
        let stripped = self.trunk.and_then(|trunk| digits.strip_prefix(trunk));
        self.is_match(pattern, digits)
            || stripped.is_some_and(|digits| self.is_match(pattern, digits))
    }

    fn is_match(&self, pattern: &Pattern, digits: &str) -> bool {
        let possible = self.lengths.is_empty() || self.lengths.contains(&digits.len());
        possible && pattern.compiled().is_some_and(|pattern| pattern.is_match(digits))
    }
}

/// Whether the digits begin with a calling code that is given out.
pub(crate) fn has_code(digits: &str) -> bool {
    let is_code = |code: &str| code.parse().is_ok_and(|code: u16| BY_CODE.contains_key(&code));
    (1..=3).any(|length| digits.get(..length).is_some_and(is_code))
}

/// Whether the digits are a number with its calling code in front: valid when it is of a kind in
/// use, unknown when it only has the form of one. A trunk `0` in between, as in
/// `+44 (0)20`, is forgiven.
pub(crate) fn international(digits: &str) -> Validity {
    for length in 1..=3 {
        let Some((code, national)) = digits.split_at_checked(length) else { break };
        let plans = code.parse().ok().and_then(|code: u16| BY_CODE.get(&code));
        let Some(plans) = plans else { continue };
        // No calling code is the beginning of another one (ITU-T E.164).
        return if plans.iter().any(|plan| plan.is(&plan.in_use, national)) {
            Validity::Valid
        } else {
            validate::possible(plans.iter().any(|plan| plan.is(&plan.possible, national)))
        };
    }
    Validity::Invalid
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::DATABASE;

    use super::*;

    #[test]
    fn every_plan_compiles_and_knows_its_own_example() {
        let mut checked = 0;
        for metadata in DATABASE.iter() {
            let plan = Plan::of_region(metadata.id()).unwrap();
            let compiled = plan.in_use.compiled().and(plan.possible.compiled());
            assert!(compiled.is_some(), "{}", metadata.id());
            let mobile = metadata.descriptors().mobile().and_then(|mobile| mobile.example());
            if let Some(example) = mobile.filter(|_| plan.code == metadata.country_code()) {
                let full = format!("{}{example}", metadata.country_code());
                assert_eq!(international(&full), Validity::Valid, "{}", metadata.id());
                checked += 1;
            }
        }
        assert!(checked > 200);
        assert_eq!(PLANS.len(), DATABASE.iter().count());
    }

    #[test]
    fn digits_of_no_plan_are_invalid() {
        assert_eq!(international(""), Validity::Invalid);
        assert_eq!(international("1"), Validity::Invalid);
        assert_eq!(international("999123456789"), Validity::Invalid);
        assert_eq!(international("10125550123"), Validity::Invalid);
    }

    #[test]
    fn a_number_that_nobody_has_yet_is_only_possible() {
        assert_eq!(international("12125550123"), Validity::Valid);
        assert_eq!(international("12121550123"), Validity::Unknown);
    }
}
