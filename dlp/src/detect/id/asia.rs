//! Asia and Africa.

use super::{FORM, Id, STRONG, WEAK, id};
use crate::{
    Kind,
    cues::Cue,
    score::Validity,
    validate::{
        at, byte, is_day, is_one_digit, is_ymd, luhn, mod_11_2, number, possible, proved, verhoeff,
        weighted,
    },
};

pub(super) const IDS: &[Id] = &[
    id(Kind::IN_AADHAAR, Cue::Aadhaar, &[("9999 9999 9999", WEAK), ("999999999999", WEAK)], |id| {
        proved(at(id, 0) >= 2 && !is_one_digit(id) && verhoeff(id))
    }),
    id(Kind::IN_PAN, Cue::Pan, &[("AAAAA9999A", FORM)], |id| {
        possible(b"ABCEFGHJLPT".contains(&byte(id, 3)))
    }),
    id(Kind::IN_GSTIN, Cue::Gstin, &[("99AAAAA9999A#A#", STRONG)], gstin),
    id(Kind::IN_VOTER, Cue::Epic, &[("AAA9999999", FORM)], |_| Validity::Unknown),
    id(Kind::PK_CNIC, Cue::Cnic, &[("99999-9999999-9", FORM), ("9999999999999", FORM)], |id| {
        possible(matches!(at(id, 0), 1..=7))
    }),
    id(Kind::CN_RESIDENT, Cue::ResidentId, &[("99999999999999999#", STRONG)], resident),
    id(Kind::TW_ID, Cue::TaiwanId, &[("A999999999", FORM)], taiwan),
    id(
        Kind::HK_ID,
        Cue::Hkid,
        &[("A999999(#)", STRONG), ("AA999999(#)", STRONG), ("A999999#", WEAK), ("AA999999#", WEAK)],
        hong_kong,
    ),
    id(Kind::KR_RRN, Cue::Rrn, &[("999999-9999999", STRONG), ("9999999999999", WEAK)], |id| {
        let sum = weighted(id, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
        match (is_ymd(id, 0) && matches!(at(id, 6), 1..=8), (11 - sum % 11) % 10 == at(id, 12)) {
            (false, _) => Validity::Invalid,
            (true, true) => Validity::Valid,
            // Numbers given out since October 2020 have no check digit.
            (true, false) => Validity::Unknown,
        }
    }),
    id(
        Kind::JP_MY_NUMBER,
        Cue::MyNumber,
        &[("999999999999", WEAK), ("9999 9999 9999", WEAK)],
        |id| {
            let rest = weighted(id, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
            proved(!is_one_digit(id) && (if rest < 2 { 0 } else { 11 - rest }) == at(id, 11))
        },
    ),
    id(Kind::TH_ID, Cue::ThaiId, &[("9-9999-99999-99-9", STRONG), ("9999999999999", WEAK)], |id| {
        let sum = weighted(id, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
        proved(matches!(at(id, 0), 1..=8) && (11 - sum % 11) % 10 == at(id, 12))
    }),
    id(Kind::ID_NIK, Cue::Nik, &[("9999999999999999", FORM)], |id| {
        // Women's days are forty on.
        let day = number(id, 6, 2) % 40;
        possible(matches!(number(id, 0, 2), 11..=96) && is_day(number(id, 8, 2), day))
    }),
    id(Kind::MY_MYKAD, Cue::MyKad, &[("999999-99-9999", STRONG), ("999999999999", FORM)], |id| {
        possible(is_ymd(id, 0) && !matches!(number(id, 6, 2), 0 | 17..=20 | 69 | 70 | 73 | 80 | 81))
    }),
    id(Kind::SG_NRIC, Cue::Nric, &[("A9999999A", STRONG)], nric),
    id(Kind::TR_TCKN, Cue::Tckn, &[("99999999999", WEAK)], |id| {
        let odd = weighted(id, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
        let even = weighted(id, &[0, 1, 0, 1, 0, 1, 0, 1]);
        let tenth = (odd * 7 + 100 - even) % 10;
        let last = (odd + even + at(id, 9)) % 10;
        proved(at(id, 0) > 0 && tenth == at(id, 9) && last == at(id, 10))
    }),
    id(Kind::IL_ID, Cue::IsraelId, &[("999999999", WEAK), ("99999999-9", FORM)], |id| {
        proved(!is_one_digit(id) && luhn(id))
    }),
    id(
        Kind::AE_ID,
        Cue::Emirates,
        &[("999-9999-9999999-9", STRONG), ("999999999999999", WEAK)],
        |id| proved(id.starts_with("784") && luhn(id)),
    ),
    id(Kind::SA_ID, Cue::Saudi, &[("9999999999", WEAK)], |id| {
        proved(matches!(at(id, 0), 1 | 2) && luhn(id))
    }),
    id(Kind::KZ_IIN, Cue::Iin, &[("999999999999", WEAK)], |id| {
        let first = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
        let second = weighted(id, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
        let check = if first == 10 { second } else { first };
        proved(is_ymd(id, 0) && matches!(at(id, 6), 0..=6) && check == at(id, 11))
    }),
    id(Kind::ZA_ID, Cue::ZaId, &[("9999999999999", WEAK), ("999999 9999 999", STRONG)], |id| {
        proved(is_ymd(id, 0) && matches!(at(id, 10), 0..=2) && luhn(id))
    }),
];

/// GST network: each value times one or two in turn, its digits to base 36 added.
fn gstin(id: &str) -> Validity {
    let sum: u32 = (0..14)
        .map(|place| at(id, place) * if place % 2 == 0 { 1 } else { 2 })
        .map(|product| product / 36 + product % 36)
        .sum();
    let state = matches!(number(id, 0, 2), 1..=38 | 97 | 99);
    proved(state && (36 - sum % 36) % 36 == at(id, 14))
}

/// GB 11643-1999: region, date of birth, sequence, check digit of ISO 7064.
fn resident(id: &str) -> Validity {
    let region = matches!(
        number(id, 0, 2),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91
    );
    let born = matches!(number(id, 6, 4), 1900..=2099) && is_ymd(id, 8);
    proved(region && born && mod_11_2(id))
}

fn taiwan(id: &str) -> Validity {
    /// The letters by their value from ten on.
    const LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some(letter) = LETTERS.bytes().position(|letter| letter == byte(id, 0)) else {
        return Validity::Invalid;
    };
    let letter = u32::try_from(letter).unwrap_or(0) + 10;
    let sum = letter / 10 + letter % 10 * 9 + weighted(id, &[0, 8, 7, 6, 5, 4, 3, 2, 1, 1]);
    proved(matches!(at(id, 1), 1 | 2 | 8 | 9) && sum.is_multiple_of(10))
}

/// Letters from ten on, a missing second letter is 36; the last place is the check digit, A is ten.
fn hong_kong(id: &str) -> Validity {
    let one = id.len() == 8;
    let sum = if one {
        36 * 9 + weighted(id, &[8, 7, 6, 5, 4, 3, 2, 1])
    } else {
        weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2, 1])
    };
    let last = byte(id, id.len().saturating_sub(1));
    proved((last.is_ascii_digit() || last == b'A') && sum.is_multiple_of(11))
}

fn nric(id: &str) -> Validity {
    let (letters, offset) = match byte(id, 0) {
        b'S' => ("JZIHGFEDCBA", 0),
        b'T' => ("JZIHGFEDCBA", 4),
        b'F' => ("XWUTRQPNMLK", 0),
        b'G' => ("XWUTRQPNMLK", 4),
        b'M' => ("XWUTRQPNJLK", 3),
        _ => return Validity::Invalid,
    };
    let rest = (weighted(id, &[0, 2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
    proved(usize::try_from(rest).is_ok_and(|rest| byte(letters, rest) == byte(id, 8)))
}
