//! Accounts and taxes of companies.

use super::{FORM, Id, STRONG, WEAK, id, near};
use crate::{
    Kind,
    cues::Cue,
    score::Validity,
    validate::{at, number, possible, proved, weighted},
};

pub(super) const IDS: &[Id] = &[
    id(Kind::US_ABA, Cue::Aba, &[("999999999", WEAK), ("9999-9999-9", WEAK)], |id| {
        let district = matches!(number(id, 0, 2), 0..=12 | 21..=32 | 61..=72 | 80);
        let sum = weighted(id, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
        proved(district && number(id, 0, 9) > 0 && sum.is_multiple_of(10))
    }),
    near(
        Kind::UK_BANK_ACCOUNT,
        Cue::SortCode,
        24,
        &[("99 99 99", FORM), ("99-99-99 99999999", STRONG), ("999999 99999999", STRONG)],
        |_| Validity::Unknown,
    ),
    near(Kind::UK_BANK_ACCOUNT, Cue::Account, 24, &[("99-99-99 99999999", FORM)], |_| {
        Validity::Unknown
    }),
    id(
        Kind::CLABE,
        Cue::Clabe,
        &[("999999999999999999", WEAK), ("999 999 99999999999 9", WEAK)],
        |id| {
            let sum: u32 = (0..17)
                .zip([3, 7, 1].into_iter().cycle())
                .map(|(place, weight)| at(id, place) * weight % 10)
                .sum();
            proved((10 - sum % 10) % 10 == at(id, 17))
        },
    ),
    near(
        Kind::VAT,
        Cue::Vat,
        32,
        &[
            ("AA99999999", FORM),
            ("AA999999999", FORM),
            ("AA9999999999", FORM),
            ("AA99999999999", FORM),
            ("AA999999999999", FORM),
            ("AAA99999999", FORM),
            ("AAA9999999A", FORM),
            ("AA9999999A", FORM),
            ("AA999999999A99", FORM),
            ("AA 99999999", FORM),
            ("AA 999999999", FORM),
            ("AA 99999999999", FORM),
            ("AA 999 9999 99", FORM),
            ("AAA-999.999.999", FORM),
        ],
        vat,
    ),
];

/// European Commission, VIES: country and how many characters come after it.
fn vat(id: &str) -> Validity {
    const LENGTHS: &str = "AT9 BE10 BG9 BG10 HR11 CY9 CZ8 CZ9 CZ10 DK8 EE9 FI8 FR11 DE9 EL9 HU8 IE8 \
        IE9 IT11 LV11 LT9 LT12 LU8 MT8 NL12 PL10 PT9 RO10 SK10 SI8 ES9 SE12 GB9 GB12 XI9 NO9 CH10";
    let mut known = LENGTHS.split_ascii_whitespace().filter_map(|entry| entry.split_at_checked(2));
    possible(known.any(|(country, length)| {
        id.starts_with(country) && length.parse() == Ok(id.len().saturating_sub(2))
    }))
}
