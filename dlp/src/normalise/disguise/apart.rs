//! Signs and raised or framed characters as what they stand for: `№`, `¹`, `①` (Unicode Standard Annex
//! 15, compatibility mappings). As they stand they are no part of the word beside them.

use unicode_normalization::UnicodeNormalization as _;

use super::{super::next_wide, Hidden, Unit};
use crate::normalise::chars::is_apart;

pub(super) fn find(text: &str, units: &mut Vec<Unit>) {
    let mut from = 0;
    while let Some(next) = next_wide(text, from) {
        from = next;
        let rest = text.get(next..).unwrap_or_default();
        for character in rest.chars().take_while(|character| !character.is_ascii()) {
            let at = from..from + character.len_utf8();
            from = at.end;
            if is_apart(character) {
                let folded: String = std::iter::once(character).nfkc().collect();
                units.push(Unit { at, hidden: Hidden::Text(folded) });
            }
        }
    }
}
