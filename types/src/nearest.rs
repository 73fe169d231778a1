//! Did you mean: the known word that a mistyped one is closest to.

/// The known word that is closest to a mistyped one, if it is close at all.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let most = (word.chars().count() / 3).clamp(1, 3);
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance by rows; words beyond 64 characters are never near.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(65).collect(), b.chars().take(65).collect());
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, to) in row.windows(2).zip(&b) {
            let [diagonal, up] = above else { continue };
            left = (diagonal + usize::from(from != to)).min(up + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, ["listen", "tls", "json_depth"].into_iter()), expected);
    }

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        check("lisen", Some("listen"));
        check("Listen", Some("listen"));
        check("jsondepth", Some("json_depth"));
        check("tsl", None);
        check("port", None);
        check(&"x".repeat(10_000), None);
    }
}
