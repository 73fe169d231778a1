//! What a customer pays less than the list price.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A discount in basis points: hundredths of a percent, less than the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Discount(u16);

/// Text that is no discount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a discount; write for example `15%` or `12.25%`, less than 100%")]
pub struct BadDiscount(String);

impl Discount {
    /// None.
    pub const NONE: Self = Self(0);
    /// Basis points in the whole price.
    pub const WHOLE: u16 = 10_000;

    /// A discount of so many basis points; `None` from the whole price up, as nothing is free by
    /// discount.
    pub const fn new(basis_points: u16) -> Option<Self> {
        if basis_points < Self::WHOLE { Some(Self(basis_points)) } else { None }
    }

    /// Hundredths of a percent that are taken off.
    pub const fn basis_points(self) -> u16 {
        self.0
    }

    /// Hundredths of a percent that are paid, at least one.
    pub const fn paid(self) -> u16 {
        Self::WHOLE.saturating_sub(self.0)
    }
}

impl TryFrom<u16> for Discount {
    type Error = BadDiscount;

    fn try_from(basis_points: u16) -> Result<Self, BadDiscount> {
        Self::new(basis_points).ok_or_else(|| BadDiscount(format!("{basis_points} basis points")))
    }
}

impl From<Discount> for u16 {
    fn from(discount: Discount) -> Self {
        discount.0
    }
}

impl fmt::Display for Discount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        match part {
            0 => write!(f, "{whole}%"),
            part => write!(f, "{whole}.{part:02}%"),
        }
    }
}

impl FromStr for Discount {
    type Err = BadDiscount;

    /// Reads a percentage with at most two decimals, such as `15%`; never through a float.
    fn from_str(text: &str) -> Result<Self, BadDiscount> {
        let read = || {
            let digits = text.trim().strip_suffix('%')?;
            let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
            let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            if !plain(whole) || !plain(part) || part.len() > 2 {
                return None;
            }
            let (whole, part) = (whole.parse::<u16>().ok()?, format!("{part:0<2}").parse().ok()?);
            Self::new(whole.checked_mul(100)?.checked_add(part)?)
        };
        read().ok_or_else(|| BadDiscount(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, basis_points: u16, printed: &str) {
        let discount: Discount = text.parse().unwrap();
        assert_eq!(
            (discount.basis_points(), discount.to_string().as_str()),
            (basis_points, printed)
        );
        assert_eq!(discount.paid() + basis_points, Discount::WHOLE);
    }

    #[test]
    fn a_percentage_is_read_exactly() {
        check("15%", 1_500, "15%");
        check(" 12.5% ", 1_250, "12.50%");
        check("0.01%", 1, "0.01%");
        check("0%", 0, "0%");
        check("99.99%", 9_999, "99.99%");
    }

    #[test]
    fn what_is_no_discount_is_refused() {
        for text in ["", "15", "100%", "-5%", "1.234%", "1.%", ".5%", "%", "70000%", "x%"] {
            assert!(text.parse::<Discount>().is_err(), "{text}");
        }
    }
}
