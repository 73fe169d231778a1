//! The Americas.

use super::{ALONE, FORM, Id, STRONG, WEAK, id, near};
use crate::{
    Kind,
    cues::Cue,
    score::Validity,
    validate::{at, byte, is_one_digit, is_ymd, luhn, number, possible, proved, weighted},
};

pub(super) const IDS: &[Id] = &[
    id(
        Kind::US_ITIN,
        Cue::Itin,
        &[("999-99-9999", ALONE), ("999 99 9999", FORM), ("999999999", FORM)],
        |id| {
            let group = number(id, 3, 2);
            possible(at(id, 0) == 9 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99))
        },
    ),
    id(Kind::US_EIN, Cue::Ein, &[("99-9999999", FORM)], |id| {
        let campus = number(id, 0, 2);
        possible(!matches!(
            campus,
            0 | 7..=9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97
        ))
    }),
    id(Kind::CA_SIN, Cue::Sin, &[("999 999 999", WEAK), ("999999999", WEAK)], |id| {
        proved(luhn(id) && !matches!(at(id, 0), 0 | 8))
    }),
    id(Kind::MX_CURP, Cue::Curp, &[("AAAA999999AAAAAA#9", STRONG)], curp),
    id(
        Kind::MX_RFC,
        Cue::Rfc,
        &[("AAAA999999###", FORM), ("AAA999999###", FORM), ("AAAA-999999-###", STRONG)],
        |id| possible(is_ymd(id, id.len().saturating_sub(9))),
    ),
    id(Kind::BR_CPF, Cue::Cpf, &[("999.999.999-99", STRONG), ("99999999999", WEAK)], cpf),
    id(Kind::BR_CNPJ, Cue::Cnpj, &[("99.999.999/9999-99", STRONG), ("99999999999999", WEAK)], cnpj),
    id(Kind::AR_CUIT, Cue::Cuit, &[("99-99999999-9", STRONG), ("99999999999", WEAK)], cuit),
    id(
        Kind::CL_RUT,
        Cue::Rut,
        &[
            ("99.999.999-#", STRONG),
            ("9.999.999-#", STRONG),
            ("99999999-#", FORM),
            ("9999999-#", WEAK),
        ],
        rut,
    ),
    near(
        Kind::CO_CEDULA,
        Cue::Cedula,
        24,
        &[("9.999.999.999", FORM), ("99.999.999", FORM), ("9999999999", FORM), ("99999999", FORM)],
        |id| possible(id.len() < 10 || at(id, 0) == 1),
    ),
    near(Kind::EC_CEDULA, Cue::Cedula, 24, &[("999999999-9", FORM), ("9999999999", FORM)], |id| {
        proved(matches!(number(id, 0, 2), 1..=24 | 30) && at(id, 2) < 6 && luhn(id))
    }),
];

/// Registro Nacional de Población, instructivo normativo CURP: 37 letters with Ñ between N and O.
fn curp(id: &str) -> Validity {
    const STATES: &str = "AS BC BS CC CL CM CS CH DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL \
        SR TC TS TL VZ YN ZS NE";
    let value = |place| match at(id, place) {
        value @ 24.. => value + 1,
        value => value,
    };
    let sum: u32 = (0..17).zip((2..=18).rev()).map(|(place, weight)| value(place) * weight).sum();
    let state = id.get(11..13).unwrap_or_default();
    let states = STATES.split_ascii_whitespace().any(|known| known == state);
    let sex = matches!(byte(id, 10), b'H' | b'M' | b'X');
    proved(is_ymd(id, 4) && sex && states && (10 - sum % 10) % 10 == at(id, 17))
}

/// A remainder of modulo 11 as a check digit: what would be ten or eleven is zero.
const fn digit_11(sum: u32) -> u32 {
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

fn cpf(id: &str) -> Validity {
    let first = digit_11(weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2]));
    let second = digit_11(weighted(id, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]));
    proved(!is_one_digit(id) && first == at(id, 9) && second == at(id, 10))
}

fn cnpj(id: &str) -> Validity {
    let first = digit_11(weighted(id, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]));
    let second = digit_11(weighted(id, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]));
    proved(!is_one_digit(id) && first == at(id, 12) && second == at(id, 13))
}

fn cuit(id: &str) -> Validity {
    let known = matches!(number(id, 0, 2), 20 | 23..=27 | 30 | 33 | 34);
    let check = (11 - weighted(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    proved(known && check == at(id, 10))
}

fn rut(id: &str) -> Validity {
    let body = id.get(..id.len().saturating_sub(1)).unwrap_or_default();
    let weights = [2, 3, 4, 5, 6, 7].into_iter().cycle();
    let digits = body.bytes().rev().map(|byte| u32::from(byte.saturating_sub(b'0')));
    let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 20, // the value of K
        11 => 0,
        digit => digit,
    };
    proved(!is_one_digit(body) && at(id, body.len()) == check)
}
