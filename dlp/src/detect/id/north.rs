//! The Nordic and Baltic countries, Australia and New Zealand.

use super::{FORM, Id, STRONG, WEAK, id};
use crate::{
    Kind,
    cues::Cue,
    score::Validity,
    validate::{
        at, byte, is_day, is_dmy, is_one_digit, is_ymd, luhn, number, possible, proved, weighted,
    },
};

pub(super) const IDS: &[Id] = &[
    id(
        Kind::SE_PERSONNUMMER,
        Cue::Personnummer,
        &[
            ("999999-9999", STRONG),
            ("999999+9999", STRONG),
            ("99999999-9999", STRONG),
            ("9999999999", WEAK),
            ("999999999999", WEAK),
        ],
        personnummer,
    ),
    id(
        Kind::NO_FODSELSNUMMER,
        Cue::Fodselsnummer,
        &[("999999 99999", STRONG), ("99999999999", STRONG)],
        fodselsnummer,
    ),
    id(Kind::DK_CPR, Cue::Cpr, &[("999999-9999", FORM), ("9999999999", FORM)], |id| {
        possible(is_dmy(id, 0))
    }),
    id(
        Kind::FI_HETU,
        Cue::Hetu,
        &[("999999-999#", STRONG), ("999999+999#", STRONG), ("999999A999#", STRONG)],
        hetu,
    ),
    id(
        Kind::IS_KENNITALA,
        Cue::Kennitala,
        &[("999999-9999", STRONG), ("9999999999", WEAK)],
        |id| {
            let check = (11 - weighted(id, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            let century = matches!(at(id, 9), 0 | 8 | 9);
            proved(is_dmy(id, 0) && century && check == at(id, 8))
        },
    ),
    id(Kind::BALTIC_CODE, Cue::Isikukood, &[("99999999999", WEAK)], |id| {
        let first = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
        let second = weighted(id, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
        let check = if first == 10 { second % 10 } else { first };
        proved(matches!(at(id, 0), 1..=6) && is_ymd(id, 1) && check == at(id, 10))
    }),
    id(Kind::LV_CODE, Cue::Latvia, &[("999999-99999", FORM)], |id| {
        possible(number(id, 0, 2) == 32 || (is_dmy(id, 0) && at(id, 6) <= 2))
    }),
    id(Kind::AU_TFN, Cue::Tfn, &[("999 999 999", WEAK), ("999999999", WEAK)], |id| {
        proved(!is_one_digit(id) && weighted(id, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11))
    }),
    id(Kind::AU_ABN, Cue::Abn, &[("99 999 999 999", STRONG), ("99999999999", WEAK)], |id| {
        let sum = weighted(id, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
        proved(at(id, 0) > 0 && sum % 89 == 10)
    }),
    id(Kind::AU_ACN, Cue::Acn, &[("999 999 999", WEAK), ("999999999", WEAK)], |id| {
        proved((10 - weighted(id, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == at(id, 8))
    }),
    id(
        Kind::NZ_IRD,
        Cue::Ird,
        &[("99-999-999", WEAK), ("999-999-999", WEAK), ("999999999", WEAK), ("99999999", WEAK)],
        ird,
    ),
];

/// Skatteverket SKV 704: Luhn digit over the ten digits; the day of a coordination number is sixty on.
fn personnummer(id: &str) -> Validity {
    let (century, short) = id.split_at_checked(id.len().saturating_sub(10)).unwrap_or(("", id));
    let born = is_day(number(short, 2, 2), number(short, 4, 2) % 60);
    proved(matches!(century, "" | "19" | "20") && born && luhn(short))
}

/// Skatteetaten: two digits modulo 11; the day of a D number is forty on.
fn fodselsnummer(id: &str) -> Validity {
    let born = is_day(number(id, 2, 2) % 40, number(id, 0, 2) % 40);
    let first = (11 - weighted(id, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
    let second = (11 - weighted(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    proved(born && first == at(id, 9) && second == at(id, 10))
}

/// Digital and Population Data Services Agency: nine digits modulo 31 choose the last character.
fn hetu(id: &str) -> Validity {
    const CHECKS: &str = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    // The sign of the century may be a letter.
    let serial = id.len().saturating_sub(4);
    let century = serial == 6 || b"ABCDEFYXWVU".contains(&byte(id, 6));
    let rest = (number(id, 0, 6) * 1_000 + number(id, serial, 3)) % 31;
    let check = usize::try_from(rest).map_or(0, |rest| byte(CHECKS, rest));
    proved(century && is_dmy(id, 0) && check == byte(id, serial + 3))
}

/// Inland Revenue, "Resident withholding tax, file specification": a second row of weights is for
/// what the first leaves at ten.
fn ird(id: &str) -> Validity {
    let padded = format!("{id:0>9}");
    let check = |weights| match weighted(&padded, weights) % 11 {
        0 => 0,
        rest => 11 - rest,
    };
    let mut digit = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
    if digit == 10 {
        digit = check(&[7, 4, 3, 2, 5, 2, 7, 6]);
    }
    let range = (10_000_000..=150_000_000).contains(&number(&padded, 0, 9));
    proved(range && digit == at(&padded, 8))
}
