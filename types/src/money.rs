//! Money as integers: nano-dollars, and prices in nano-dollars per million units.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An amount in nano-dollars (10^-9 US dollars). Arithmetic is checked; there is no float.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Nanos(pub i64);

/// A price in nano-dollars per million units (tokens, mostly).
///
/// One US dollar per million tokens is `NanosPerMillion(1_000_000_000)`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NanosPerMillion(pub i64);

/// Why an amount could not be computed or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit 64 bits (about nine billion dollars).
    #[error("the amount does not fit: it is beyond nine billion US dollars")]
    Overflow,
    /// The text is not a dollar amount.
    #[error("`{0}` is not an amount of US dollars; write for example `5`, `0.50` or `0.000000001`")]
    Syntax(String),
}

const NANOS_PER_USD: i64 = 1_000_000_000;

impl Nanos {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// The difference, which may be negative.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// The amount as dollars with as many decimals as it has, at least two: `0.50`, `0.000123`.
    pub fn to_usd(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let all = self.0.unsigned_abs();
        let nanos = NANOS_PER_USD.unsigned_abs();
        let digits = format!("{:09}", all % nanos);
        let kept = digits.trim_end_matches('0').len().max(2);
        let decimals: String = digits.chars().take(kept).collect();
        format!("{sign}{}.{decimals}", all / nanos)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.to_usd())
    }
}

impl FromStr for Nanos {
    type Err = MoneyError;

    /// Reads US dollars such as `5`, `$0.50` or `1.000000001`; never through a float.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Syntax(text.to_owned());
        let digits = text.trim().strip_prefix('$').unwrap_or(text.trim());
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let malformed =
            whole.is_empty() || part.len() > 9 || !all_digits(whole) || !all_digits(part);
        if malformed || (digits.contains('.') && part.is_empty()) {
            return Err(bad());
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::Overflow)?;
        let part: i64 = format!("{part:0<9}").parse().map_err(|_| bad())?;
        whole
            .checked_mul(NANOS_PER_USD)
            .and_then(|nanos| nanos.checked_add(part))
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, nanos: i64, printed: &str) {
        assert_eq!(text.parse(), Ok(Nanos(nanos)));
        assert_eq!(Nanos(nanos).to_usd(), printed);
    }

    #[test]
    fn dollars_are_read_and_printed_exactly() {
        check("5", 5_000_000_000, "5.00");
        check("$0.50", 500_000_000, "0.50");
        check("0.000000001", 1, "0.000000001");
        check("9223372036.854775807", i64::MAX, "9223372036.854775807");
    }

    #[test]
    fn what_is_not_money_is_refused() {
        for text in ["", ".", "1.", "-1", "1e3", "1.0000000001", "9223372036.854775808", "one"] {
            assert!(text.parse::<Nanos>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_then_reading_is_the_identity(nanos in 0..i64::MAX) {
            prop_assert_eq!(Nanos(nanos).to_usd().parse(), Ok(Nanos(nanos)));
        }
    }
}
