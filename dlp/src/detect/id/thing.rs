//! Devices, vehicles, codes of places.

use super::{FORM, Form, Id, WEAK, id, near};
use crate::{
    Kind,
    cues::Cue,
    score::Validity,
    validate::{is_one_digit, luhn, proved},
};

pub(super) const IDS: &[Id] = &[
    id(Kind::IMEI, Cue::Imei, &[("999999999999999", WEAK), ("99-999999-999999-9", WEAK)], |id| {
        proved(!is_one_digit(id) && luhn(id))
    }),
    near(
        Kind::LICENSE_PLATE,
        Cue::Plate,
        16,
        &[
            ("AAA 999", FORM),
            ("AAA999", FORM),
            ("AAA 9999", FORM),
            ("AAA9999", FORM),
            ("AA 999 AA", FORM),
            ("AA999AA", FORM),
            ("AA99 AAA", FORM),
            ("AA99AAA", FORM),
            ("A AA 999", FORM),
            ("AA AA 999", FORM),
            ("AA 9999", FORM),
            ("9AAA999", FORM),
            ("9999 AAA", FORM),
        ],
        |_| Validity::Unknown,
    ),
];

/// Universal Postal Union, postal addressing systems.
const POSTAL_FORMS: &[Form] = &[
    ("99999", FORM),
    ("99999-9999", FORM),
    ("9999", FORM),
    ("999 99", FORM),
    ("99-999", FORM),
    ("999999", FORM),
    ("99999-999", FORM),
    ("999-9999", FORM),
    ("9999 AA", FORM),
    ("9999AA", FORM),
    ("A9 9AA", FORM),
    ("A99 9AA", FORM),
    ("AA9 9AA", FORM),
    ("AA99 9AA", FORM),
    ("A9A 9AA", FORM),
    ("AA9A 9AA", FORM),
    ("A9A 9A9", FORM),
    ("A99 A999", FORM),
];

pub(super) const PLACES: &[Id] =
    &[near(Kind::POSTAL_CODE, Cue::Postal, 14, POSTAL_FORMS, |_| Validity::Unknown)];
