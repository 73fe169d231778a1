//! Patients, providers, diseases and medicines.

use super::{ALONE, FORM, Id, WEAK, id, near};
use crate::{
    Kind,
    cues::Cue,
    score::Validity,
    validate::{at, byte, is_day, luhn, number, possible, proved, weighted},
};

pub(super) const IDS: &[Id] = &[
    id(Kind::US_MBI, Cue::Mbi, &[("9A#9A#9AA99", ALONE), ("9A#9-A#9-AA99", ALONE)], |id| {
        let letters = id.bytes().all(|byte| !b"SLOIBZ".contains(&byte));
        possible(letters && at(id, 0) > 0)
    }),
    id(Kind::NPI, Cue::Npi, &[("9999999999", WEAK)], |id| {
        proved(matches!(at(id, 0), 1 | 2) && luhn(&format!("80840{id}")))
    }),
    id(Kind::DEA, Cue::Dea, &[("AA9999999", FORM), ("A99999999", FORM)], |id| {
        let registrant = b"ABCDEFGHJKLMPRSTUX".contains(&byte(id, 0));
        let second = byte(id, 1).is_ascii_uppercase() || byte(id, 1) == b'9';
        let sum = weighted(id, &[0, 0, 1, 2, 1, 2, 1, 2]);
        proved(registrant && second && sum % 10 == at(id, 8))
    }),
    near(
        Kind::ICD10,
        Cue::Icd,
        14,
        &[
            ("U99", FORM),
            ("U99.#", FORM),
            ("U99.##", FORM),
            ("U99.###", FORM),
            ("U99.####", FORM),
            ("U9U.#", FORM),
            ("U9U.##", FORM),
            ("U9U.####", FORM),
            ("U99##", FORM),
            ("U99###", FORM),
            ("U99####", FORM),
        ],
        icd10,
    ),
    id(
        Kind::NDC,
        Cue::Ndc,
        &[
            ("9999-9999-99", FORM),
            ("99999-999-99", FORM),
            ("99999-9999-9", FORM),
            ("99999-9999-99", FORM),
            ("99999999999", FORM),
        ],
        |_| Validity::Unknown,
    ),
    id(Kind::UK_NHS, Cue::Nhs, &[("999 999 9999", WEAK), ("9999999999", WEAK)], |id| {
        let check = (11 - weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
        proved(check == at(id, 9))
    }),
    id(
        Kind::CA_HEALTH_CARD,
        Cue::HealthCard,
        &[("9999 999 999", WEAK), ("9999999999", WEAK), ("9999 999 999 AA", WEAK)],
        |id| proved(luhn(id)),
    ),
    id(
        Kind::CA_HEALTH_CARD,
        Cue::HealthCard,
        &[("AAAA 9999 9999", FORM), ("AAAA99999999", FORM)],
        |id| {
            // Women's months are fifty on.
            possible(is_day(number(id, 6, 2) % 50, number(id, 8, 2)))
        },
    ),
    id(
        Kind::AU_MEDICARE,
        Cue::AuMedicare,
        &[("9999 99999 9", WEAK), ("9999999999", WEAK), ("9999 99999 9/9", WEAK)],
        |id| {
            let check = weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
            proved(matches!(at(id, 0), 2..=6) && check == at(id, 8))
        },
    ),
    id(Kind::NZ_NHI, Cue::Nhi, &[("AAA9999", FORM)], |id| {
        // Letters from one on; I and O are not used.
        let value = |place| match at(id, place) {
            letter @ 25.. => letter - 11,
            letter @ 19.. => letter - 10,
            letter @ 10.. => letter - 9,
            digit => digit,
        };
        let sum: u32 =
            (0..6).zip([7, 6, 5, 4, 3, 2]).map(|(place, weight)| value(place) * weight).sum();
        let known = !id.contains(['I', 'O']);
        proved(known && !sum.is_multiple_of(11) && (11 - sum % 11) % 10 == at(id, 6))
    }),
    id(Kind::DE_KVNR, Cue::Plan, &[("A999999999", FORM)], |id| {
        let letter = at(id, 0).saturating_sub(9);
        let digits = format!("{letter:02}{}", id.get(1..9).unwrap_or_default());
        let sum: u32 = (0..10)
            .map(|place| at(&digits, place) * if place % 2 == 0 { 1 } else { 2 })
            .map(|product| product / 10 + product % 10)
            .sum();
        proved(sum % 10 == at(id, 9))
    }),
];

/// The chapters' ranges (WHO ICD-10, version 2019; CMS ICD-10-CM 2025).
fn icd10(id: &str) -> Validity {
    let last = match byte(id, 0) {
        b'E' => 89,
        b'H' | b'K' => 95,
        b'P' => 96,
        b'T' => 88,
        b'U' => 85,
        _ => 99,
    };
    possible(number(id, 1, 2) <= last)
}
