//! Shares of an amount in proportion to weights, without a remainder.

/// Splits an amount over weights that are not negative: as much of it as their sum, none more than its
/// weight, and each within one of its exact part.
pub(super) fn split(amount: i128, weights: &[i64]) -> impl Iterator<Item = i64> {
    let all: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    // Beyond nine billion dollars, which is no sum of charges, nobody has a part.
    let amount = if all <= i128::from(i64::MAX) { amount.clamp(0, all) } else { 0 };
    // Each takes what the whole is rounded down up to it, less what those before it took: the sum is
    // exact, and a part of at most its weight is not rounded beyond that, which is whole.
    let up_to = move |weights: i128| (amount * weights).checked_div(all).unwrap_or(0);
    let mut before = 0_i128;
    weights.iter().map(move |weight| {
        let after = before + i128::from(*weight);
        let part = up_to(after) - up_to(before);
        before = after;
        i64::try_from(part).unwrap_or(*weight)
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::split;

    #[test]
    fn parts_are_in_proportion_and_add_up() {
        let parts = |amount, weights: &[i64]| split(amount, weights).collect::<Vec<_>>();
        assert_eq!(parts(10, &[1, 1, 1]), [1, 1, 1]);
        assert_eq!(parts(2, &[1, 1, 1]), [0, 1, 1]);
        assert_eq!(parts(50, &[100, 0, 300]), [12, 0, 38]);
        assert_eq!(parts(7, &[]), [0; 0]);
        assert_eq!(parts(7, &[0, 0]), [0, 0]);
        assert_eq!(parts(-7, &[5]), [0]);
    }

    proptest! {
        #[test]
        fn no_part_is_beyond_its_weight(
            amount in 0_i128..1 << 70,
            weights in vec(prop_oneof![0_i64..9, 0..i64::MAX / 20], 0..20),
        ) {
            let parts: Vec<i64> = split(amount, &weights).collect();
            let sum = |all: &[i64]| all.iter().map(|one| i128::from(*one)).sum::<i128>();
            prop_assert_eq!(sum(&parts), amount.min(sum(&weights)));
            prop_assert!(parts.iter().zip(&weights).all(|(part, weight)| (0..=*weight).contains(part)));
        }
    }
}
