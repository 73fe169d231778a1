//! Whether one sequence of hashes stands in another, in time that grows with their lengths alone.

use super::print::{apart, is_joined, is_joint, is_word};

/// Whether `part` stands in `whole`. An empty part is in nothing: it says nothing.
pub(super) fn has(whole: &[u32], part: &[u32]) -> bool {
    find(whole, part, |_| true)
}

/// Whether `part`, which begins and ends with a word, stands in `whole` as a whole: not in the middle of a
/// longer name such as a host or an address. What is joined in one of them is joined in the other.
pub(super) fn has_name(whole: &[u32], part: &[u32]) -> bool {
    let Some((first, rest)) = part.split_first() else { return false };
    let fits = |start: usize| {
        let (before, after) = whole.split_at_checked(start).unwrap_or_default();
        let Some((begin, next)) = after.split_at_checked(part.len()) else { return false };
        begin.first().is_some_and(|hash| apart(*hash) == apart(*first))
            && !(begin.first().is_some_and(|hash| is_joined(*hash)) && began(before))
            && !goes_on(next)
    };
    if rest.is_empty() {
        return (0..whole.len()).any(fits);
    }
    find(whole, rest, |start| start.checked_sub(1).is_some_and(fits))
}

/// Joints that may stand in a row within a name; more of them are none.
pub(super) const JOINTS_MAX: usize = 4;

/// Whether a name that began in `before` goes on where it ends.
fn began(before: &[u32]) -> bool {
    let joints = before.iter().rev().take(JOINTS_MAX).take_while(|hash| is_joint(**hash)).count();
    let word = before.len().checked_sub(joints + 1).and_then(|at| before.get(at));
    joints > 0 && word.is_some_and(|hash| is_word(*hash))
}

/// Whether a name that ended before `next` goes on in it.
fn goes_on(next: &[u32]) -> bool {
    let joints = next.iter().take(JOINTS_MAX).take_while(|hash| is_joint(**hash)).count();
    joints > 0 && next.get(joints).is_some_and(|hash| is_word(*hash) && is_joined(*hash))
}

/// Whether `part` stands in `whole` at a place that fits (Knuth, Morris and Pratt).
fn find(whole: &[u32], part: &[u32], fits: impl Fn(usize) -> bool) -> bool {
    if part.is_empty() || part.len() > whole.len() {
        return false;
    }
    let back = borders(part);
    let mut matched = 0;
    for (at, &hash) in whole.iter().enumerate() {
        matched = step(part, &back, matched, hash);
        if matched == part.len() && fits((at + 1).saturating_sub(part.len())) {
            return true;
        }
    }
    false
}

/// For each beginning of `part` how much of its end is its own beginning.
fn borders(part: &[u32]) -> Vec<usize> {
    let mut back = vec![0; part.len()];
    let mut matched = 0;
    for (at, &hash) in part.iter().enumerate().skip(1) {
        matched = step(part, &back, matched, hash);
        if let Some(place) = back.get_mut(at) {
            *place = matched;
        }
    }
    back
}

/// How much of `part` is matched after one more hash.
fn step(part: &[u32], back: &[usize], mut matched: usize, hash: u32) -> usize {
    while matched > 0 && part.get(matched) != Some(&hash) {
        matched = back.get(matched - 1).copied().unwrap_or(0);
    }
    if part.get(matched) == Some(&hash) { matched + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            whole in prop::collection::vec(0_u32..3, 0..40),
            part in prop::collection::vec(0_u32..3, 0..6),
            odd in any::<bool>(),
        ) {
            let fits = |start: usize| !odd || start % 2 == 1;
            let mut places = (0..whole.len()).filter(|start| fits(*start));
            let plain = !part.is_empty() && places.any(|start| whole[start..].starts_with(&part));
            prop_assert_eq!(find(&whole, &part, fits), plain);
        }
    }
}
