//! Check digits and dates, as pure functions over the letters and digits of an identifier.
//!
//! Each reads past the end of a short identifier as zeros, so that none can fail; forms see to the
//! length before.

pub(crate) mod wallet;

use crate::score::Validity;

/// A check digit or the like confirms it, or it cannot be one.
pub(crate) const fn proved(holds: bool) -> Validity {
    if holds { Validity::Valid } else { Validity::Invalid }
}

/// Nothing confirms it, but what holds does not speak against it.
pub(crate) const fn possible(holds: bool) -> Validity {
    if holds { Validity::Unknown } else { Validity::Invalid }
}

/// The value of a digit, or of a letter from A = 10 on, at a place from the left.
pub(crate) fn at(id: &str, place: usize) -> u32 {
    let byte = id.as_bytes().get(place).copied().unwrap_or(b'0');
    char::from(byte).to_digit(36).unwrap_or(0)
}

/// The byte at a place; 0 outside.
pub(crate) fn byte(id: &str, place: usize) -> u8 {
    id.as_bytes().get(place).copied().unwrap_or(0)
}

/// The number that so many digits from a place on make.
pub(crate) fn number(id: &str, from: usize, count: usize) -> u64 {
    (from..from + count).fold(0, |sum, place| sum * 10 + u64::from(at(id, place) % 10))
}

/// The sum of values times weights, from the left.
pub(crate) fn weighted(id: &str, weights: &[u32]) -> u32 {
    weights.iter().enumerate().map(|(place, weight)| at(id, place) * weight).sum()
}

/// Whether all digits are the same one, which check digits often let pass and nobody is given.
pub(crate) fn is_one_digit(id: &str) -> bool {
    id.bytes().all(|byte| byte == self::byte(id, 0))
}

/// ISO/IEC 7812-1 annex B.
pub(crate) fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .filter(u8::is_ascii_digit)
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        .map(|(place, digit)| match (place % 2 == 1, digit) {
            (false, digit) => digit,
            (true, digit) if digit > 4 => digit * 2 - 9,
            (true, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO/IEC 7064, MOD 11,10.
pub(crate) fn mod_11_10(digits: &str) -> bool {
    let (body, check) = digits.split_at(digits.len().saturating_sub(1));
    let product = body.bytes().fold(10, |product, byte| {
        let sum = (product + u32::from(byte.saturating_sub(b'0'))) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == at(check, 0)
}

/// ISO/IEC 7064, MOD 11-2; an X at the end is ten.
pub(crate) fn mod_11_2(id: &str) -> bool {
    let last = id.len().saturating_sub(1);
    let value = |place, byte: u8| match byte {
        b'X' if place == last => 10,
        other => u32::from(other.saturating_sub(b'0')),
    };
    id.bytes().enumerate().fold(0, |sum, (place, byte)| (sum * 2 + value(place, byte)) % 11) == 1
}

/// Verhoeff, "Error Detecting Decimal Codes" (1969): the dihedral group of order ten.
pub(crate) fn verhoeff(digits: &str) -> bool {
    /// What the permutation makes of a digit when it is applied once.
    const TURN: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let turn = |digit: u32, times: usize| {
        (0..times % 8).fold(digit, |digit, _| {
            usize::try_from(digit).ok().and_then(|at| TURN.get(at)).copied().unwrap_or(0)
        })
    };
    // Digits under five are turns, the others turns of a mirror image.
    let join = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let places = digits.bytes().rev().enumerate();
    places
        .fold(0, |sum, (place, byte)| join(sum, turn(u32::from(byte.saturating_sub(b'0')), place)))
        == 0
}

/// Whether there is such a day in some year.
pub(crate) const fn is_day(month: u64, day: u64) -> bool {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    day >= 1 && day <= days
}

/// Whether six digits from a place on are year, month and day.
pub(crate) fn is_ymd(id: &str, from: usize) -> bool {
    is_day(number(id, from + 2, 2), number(id, from + 4, 2))
}

/// Whether six digits from a place on are day, month and year.
pub(crate) fn is_dmy(id: &str, from: usize) -> bool {
    is_day(number(id, from + 2, 2), number(id, from, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_their_standards() {
        assert!(luhn("79927398713") && !luhn("79927398710"));
        assert!(mod_11_10("07945") && !mod_11_10("07946"));
        assert!(mod_11_2("079X") && !mod_11_2("0791"));
        assert!(verhoeff("2363") && !verhoeff("2364"));
    }

    #[test]
    fn verhoeff_sees_every_wrong_digit_and_every_swap_of_neighbours() {
        for body in (0..10_000).step_by(7) {
            let valid = (0..10).map(|check| format!("{body:04}{check}")).find(|id| verhoeff(id));
            let valid = valid.unwrap();
            for place in 0..5 {
                let mut wrong = valid.clone().into_bytes();
                wrong[place] = b'0' + (wrong[place] - b'0' + 1) % 10;
                assert!(!verhoeff(std::str::from_utf8(&wrong).unwrap()));
                let mut swapped = valid.clone().into_bytes();
                if place > 0 && swapped[place] != swapped[place - 1] {
                    swapped.swap(place, place - 1);
                    assert!(!verhoeff(std::str::from_utf8(&swapped).unwrap()));
                }
            }
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert!(is_day(2, 29) && !is_day(2, 30) && !is_day(13, 1) && !is_day(1, 0));
        assert!(is_ymd("991231", 0) && !is_ymd("991331", 0) && is_dmy("311299", 0));
    }
}
