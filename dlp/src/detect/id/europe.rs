//! Europe without its north.

use super::{ALONE, FORM, Id, STRONG, WEAK, id};
use crate::{
    Kind,
    cues::Cue,
    score::Validity,
    validate::{
        at, byte, is_day, is_dmy, is_one_digit, is_ymd, luhn, mod_11_10, number, possible, proved,
        weighted,
    },
};

pub(super) const IDS: &[Id] = &[
    id(
        Kind::UK_NINO,
        Cue::Nino,
        &[("AA999999A", STRONG), ("AA 999999 A", STRONG), ("AA 99 99 99 A", ALONE)],
        nino,
    ),
    id(Kind::UK_UTR, Cue::Utr, &[("9999999999", WEAK), ("99999 99999", WEAK)], |id| {
        let rest = weighted(id, &[0, 6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
        proved(usize::try_from(rest).is_ok_and(|rest| byte("21987654321", rest) == byte(id, 0)))
    }),
    id(Kind::IE_PPS, Cue::Pps, &[("9999999A", FORM), ("9999999AA", FORM)], |id| {
        let second = if id.len() == 9 { at(id, 8).saturating_sub(9) % 23 } else { 0 };
        let rest = (weighted(id, &[8, 7, 6, 5, 4, 3, 2]) + second * 9) % 23;
        proved(
            usize::try_from(rest)
                .is_ok_and(|rest| byte("WABCDEFGHIJKLMNOPQRSTUV", rest) == byte(id, 7)),
        )
    }),
    id(
        Kind::FR_NIR,
        Cue::Nir,
        &[
            ("9 99 99 99 999 999 99", STRONG),
            ("9 99 99 9A 999 999 99", STRONG),
            ("999999999999999", WEAK),
            ("999999A99999999", WEAK),
        ],
        nir,
    ),
    id(Kind::FR_SIREN, Cue::Siren, &[("999 999 999", WEAK), ("999999999", WEAK)], |id| {
        proved(!is_one_digit(id) && luhn(id))
    }),
    id(
        Kind::FR_SIRET,
        Cue::Siren,
        &[("999 999 999 99999", WEAK), ("99999999999999", WEAK)],
        |id| proved(!is_one_digit(id) && luhn(id)),
    ),
    id(
        Kind::DE_TAX_ID,
        Cue::SteuerId,
        &[("99 999 999 999", STRONG), ("99999999999", WEAK)],
        steuer_id,
    ),
    id(
        Kind::DE_PENSION,
        Cue::Rvnr,
        &[("99 999999 A 999", STRONG), ("99999999A999", STRONG)],
        pension,
    ),
    id(
        Kind::NL_BSN,
        Cue::Bsn,
        &[("999999999", WEAK), ("9999.99.999", WEAK), ("999 999 999", WEAK)],
        |id| {
            // The last weight is minus one, here ten modulo eleven.
            let sum = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2, 10]);
            proved(!is_one_digit(id) && sum.is_multiple_of(11))
        },
    ),
    id(
        Kind::BE_NATIONAL,
        Cue::Belgium,
        &[("99.99.99-999.99", STRONG), ("99999999999", WEAK), ("999999-999-99", WEAK)],
        |id| {
            let (body, check) = (number(id, 0, 9), number(id, 9, 2));
            let is = |body: u64| 97 - body % 97 == check;
            let born = number(id, 2, 2).is_multiple_of(20)
                || is_day(number(id, 2, 2) % 20, number(id, 4, 2));
            // Those born from 2000 on have a two in front.
            proved(born && (is(body) || is(2_000_000_000 + body)))
        },
    ),
    id(
        Kind::ES_DNI,
        Cue::Dni,
        &[("99999999A", FORM), ("99999999-A", STRONG), ("99.999.999-A", STRONG)],
        |id| proved(spanish(number(id, 0, 8)) == byte(id, 8)),
    ),
    id(Kind::ES_NIE, Cue::Dni, &[("A9999999A", STRONG), ("A 9999999 A", STRONG)], |id| {
        let first = match byte(id, 0) {
            b'X' => 0,
            b'Y' => 1,
            b'Z' => 2,
            _ => return Validity::Invalid,
        };
        proved(spanish(first * 10_000_000 + number(id, 1, 7)) == byte(id, 8))
    }),
    id(Kind::PT_NIF, Cue::NifPt, &[("999999999", WEAK), ("999 999 999", WEAK)], |id| {
        let rest = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        let check = if rest < 2 { 0 } else { 11 - rest };
        proved(matches!(at(id, 0), 1..=3 | 5 | 6 | 8 | 9) && check == at(id, 8))
    }),
    id(
        Kind::IT_CODICE_FISCALE,
        Cue::CodiceFiscale,
        &[("AAAAAA99A99A999A", STRONG)],
        codice_fiscale,
    ),
    id(Kind::IT_PARTITA_IVA, Cue::PartitaIva, &[("99999999999", WEAK)], |id| {
        proved(!is_one_digit(id) && luhn(id))
    }),
    id(Kind::CH_AHV, Cue::Ahv, &[("999.9999.9999.99", STRONG), ("9999999999999", STRONG)], |id| {
        let sum = weighted(id, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
        proved(id.starts_with("756") && sum.is_multiple_of(10))
    }),
    id(Kind::AT_SVNR, Cue::Svnr, &[("9999 999999", STRONG), ("9999999999", WEAK)], |id| {
        let check = weighted(id, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
        // When a day's numbers are given out, the month goes on at thirteen.
        let born =
            is_day((number(id, 6, 2) + 11) % 12 + 1, number(id, 4, 2)) && number(id, 6, 2) < 16;
        proved(at(id, 0) > 0 && born && check == at(id, 3))
    }),
    id(Kind::PL_PESEL, Cue::Pesel, &[("99999999999", WEAK)], |id| {
        let check = (10 - weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
        proved(is_day(number(id, 2, 2) % 20, number(id, 4, 2)) && check == at(id, 10))
    }),
    id(
        Kind::PL_NIP,
        Cue::Nip,
        &[("999-999-99-99", WEAK), ("999-99-99-999", WEAK), ("9999999999", WEAK)],
        |id| proved(weighted(id, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == at(id, 9)),
    ),
    id(Kind::PL_REGON, Cue::Regon, &[("999999999", WEAK), ("99999999999999", WEAK)], |id| {
        proved(weighted(id, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 == at(id, 8))
    }),
    id(
        Kind::CZ_RODNE_CISLO,
        Cue::RodneCislo,
        &[("999999/9999", STRONG), ("9999999999", WEAK)],
        |id| {
            // Women's months are fifty on, and twenty more when a day's numbers are given out.
            let month = number(id, 2, 2) % 50;
            let born = is_day(if month > 20 { month - 20 } else { month }, number(id, 4, 2));
            let body = number(id, 0, 9) % 11;
            proved(born && body % 10 == u64::from(at(id, 9)))
        },
    ),
    id(Kind::HU_TAX_ID, Cue::HuTax, &[("9999999999", WEAK)], |id| {
        let check = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
        proved(at(id, 0) == 8 && check == at(id, 9))
    }),
    id(Kind::HU_TAJ, Cue::Taj, &[("999 999 999", WEAK), ("999999999", WEAK)], |id| {
        proved(weighted(id, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == at(id, 8))
    }),
    id(Kind::RO_CNP, Cue::Cnp, &[("9999999999999", WEAK)], |id| {
        let check = weighted(id, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
        let known = at(id, 0) > 0 && is_ymd(id, 1) && matches!(number(id, 7, 2), 1..=52 | 70);
        proved(known && (if check == 10 { 1 } else { check }) == at(id, 12))
    }),
    id(Kind::BG_EGN, Cue::Egn, &[("9999999999", WEAK)], |id| {
        let check = weighted(id, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
        proved(is_day(number(id, 2, 2) % 20, number(id, 4, 2)) && check == at(id, 9))
    }),
    id(Kind::GR_AFM, Cue::Afm, &[("999999999", WEAK)], |id| {
        let sum = weighted(id, &[256, 128, 64, 32, 16, 8, 4, 2]);
        proved(!is_one_digit(id) && sum % 11 % 10 == at(id, 8))
    }),
    id(Kind::GR_AMKA, Cue::Amka, &[("99999999999", WEAK)], |id| proved(is_dmy(id, 0) && luhn(id))),
    id(Kind::HR_OIB, Cue::Oib, &[("99999999999", WEAK)], |id| proved(mod_11_10(id))),
    id(Kind::YU_JMBG, Cue::Jmbg, &[("9999999999999", WEAK)], |id| {
        let rest = 11 - weighted(id, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        proved(is_dmy(id, 0) && (if rest > 9 { 0 } else { rest }) == at(id, 12))
    }),
    id(Kind::RU_INN, Cue::Inn, &[("999999999999", WEAK), ("9999999999", WEAK)], inn),
    id(Kind::RU_SNILS, Cue::Snils, &[("999-999-999 99", STRONG), ("99999999999", WEAK)], |id| {
        let sum = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
        proved(u64::from(sum) == number(id, 9, 2) && number(id, 0, 9) > 1_001_998)
    }),
    id(Kind::UA_RNOKPP, Cue::Rnokpp, &[("9999999999", WEAK)], |id| {
        // The first weight is minus one, here ten modulo eleven.
        proved(weighted(id, &[10, 5, 7, 9, 4, 6, 10, 5, 7]) % 11 % 10 == at(id, 9))
    }),
];

/// HMRC, NIM39110: letters that are not used, prefixes that are not given out, suffix A to D.
fn nino(id: &str) -> Validity {
    let [first, second] = [byte(id, 0), byte(id, 1)];
    let prefix = id.get(..2).unwrap_or_default();
    let given = !matches!(prefix, "BG" | "GB" | "KN" | "NK" | "NT" | "TN" | "ZZ")
        && !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second);
    possible(given && matches!(byte(id, 8), b'A'..=b'D'))
}

/// INSEE: 13 digits modulo 97; the Corsican departments 2A and 2B count as 19 and 18.
fn nir(id: &str) -> Validity {
    let department = match id.get(5..7) {
        Some("2A") => 19,
        Some("2B") => 18,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => number(id, 5, 2),
        _ => return Validity::Invalid,
    };
    let body = (number(id, 0, 5) * 100 + department) * 1_000_000 + number(id, 7, 6);
    let month = matches!(number(id, 3, 2), 1..=12 | 20..=42 | 50..=99);
    let sex = matches!(at(id, 0), 1..=4 | 7 | 8);
    proved(sex && month && 97 - body % 97 == number(id, 13, 2))
}

/// Section 139b AO: of the first ten digits one comes twice or three times, the others once.
fn steuer_id(id: &str) -> Validity {
    let body = id.get(..10).unwrap_or_default();
    let times = |digit: u8| body.bytes().filter(|byte| *byte == digit).count();
    let more = (b'0'..=b'9').filter(|digit| times(*digit) > 1).count();
    let most = (b'0'..=b'9').map(times).max();
    proved(at(id, 0) > 0 && more == 1 && matches!(most, Some(2 | 3)) && mod_11_10(id))
}

/// Section 147 SGB VI: the letter as two digits, digit sums of weighted digits modulo ten.
fn pension(id: &str) -> Validity {
    let letter = at(id, 8).saturating_sub(9);
    let digits = format!(
        "{}{letter:02}{}",
        id.get(..8).unwrap_or_default(),
        id.get(9..11).unwrap_or_default()
    );
    let weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let sum: u32 = (0..12)
        .zip(weights)
        .map(|(place, weight)| at(&digits, place) * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    let born = is_day(number(id, 4, 2), number(id, 2, 2) % 50);
    proved(born && number(id, 0, 2) > 1 && sum % 10 == at(id, 11))
}

/// The letter for a number (Spain, Real Decreto 1553/2005).
fn spanish(number: u64) -> u8 {
    usize::try_from(number % 23).map_or(0, |rest| byte("TRWAGMYFPDXBNJZSQVHLCKE", rest))
}

/// Decreto ministeriale 23 December 1976: values of the odd places from a table.
fn codice_fiscale(id: &str) -> Validity {
    /// By letter, and by digit as the letter of the same place in the alphabet.
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let value = |place| match at(id, place) {
        letter @ 10.. => letter - 10,
        digit => digit,
    };
    let odd = |place| usize::try_from(value(place)).ok().and_then(|at| ODD.get(at)).copied();
    let sum: u32 = (0..15)
        .map(|place| if place % 2 == 0 { odd(place).unwrap_or(0) } else { value(place) })
        .sum();
    let month = b"ABCDEHLMPRST".contains(&byte(id, 8));
    let day = matches!(number(id, 9, 2), 1..=31 | 41..=71);
    proved(month && day && sum % 26 == value(15))
}

/// Federal Tax Service: ten digits for companies, twelve for people.
fn inn(id: &str) -> Validity {
    let check = |weights: &[u32]| weighted(id, weights) % 11 % 10;
    proved(if id.len() == 10 {
        check(&[2, 4, 10, 3, 5, 9, 4, 6, 8]) == at(id, 9)
    } else {
        check(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == at(id, 10)
            && check(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == at(id, 11)
    })
}
