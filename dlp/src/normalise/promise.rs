//! What must hold of the views of any text, for fuzzers and tests.

use super::{DEPTH_MAX, room, views};
use crate::text::Work;

/// Whether every view of this text leads back into it and keeps within the bounds on depth and growth.
///
/// # Errors
/// The promise that is broken.
#[doc(hidden)]
pub fn views_hold(text: &str) -> Result<(), &'static str> {
    let work = Work::new(u64::MAX);
    for whole in [true, false] {
        let views = views(text, whole, DEPTH_MAX, &work);
        let mut further = 0;
        for (number, view) in views.iter() {
            if view.depth > DEPTH_MAX {
                return Err("a view is too deep");
            }
            further += if view.parent.is_some() { view.text.len() } else { 0 };
            let mut ends = view.text.char_indices().map(|(at, c)| at..at + c.len_utf8());
            if !ends.all(|span| text.get(views.original(number, &span)).is_some()) {
                return Err("a character of a view does not lead back into the text");
            }
            if text.get(views.original(number, &(0..view.text.len()))).is_none() {
                return Err("a view does not lead back into the text");
            }
        }
        if further > room(text, DEPTH_MAX) {
            return Err("the views together are too long");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn views_lead_back(text in "([a-z%&#;\\\\uxé世\u{200B}\u{ff14}№¹0-9A-F ]{0,24}|[A-Za-z0-9+/]{16,40}={0,2}){0,6}") {
            prop_assert_eq!(views_hold(&text), Ok(()));
        }
    }
}
