//! What a text hides: encoded, spelt out, or written with letters that look like others. Each place is
//! undone in a view of its own, with the text round it, since cues may stand there in plain.

mod escape;
mod lookalike;
mod opaque;
mod spaced;

use std::ops::Range;

use super::{Builder, View};
use crate::{stretch, text::Work};

/// Places so near to each other are undone in one view: they may be parts of one value.
const NEAR_BYTES: usize = 48;

/// A piece of a text, and what it hides.
pub(super) struct Unit {
    at: Range<usize>,
    hidden: Hidden,
}

pub(super) enum Hidden {
    /// One character, or none.
    Char(Option<char>),
    /// Text of which no part can be told apart in what hides it.
    Text(String),
}

impl Unit {
    const fn char(at: Range<usize>, character: char) -> Self {
        Self { at, hidden: Hidden::Char(Some(character)) }
    }

    const fn nothing(at: Range<usize>) -> Self {
        Self { at, hidden: Hidden::Char(None) }
    }
}

/// A view of every place of a view in which something is hidden. In a further view that is only what
/// was hidden before: the rest was looked at already.
pub(super) fn undone(view: &View<'_>, work: &Work) -> Vec<View<'static>> {
    let text = &*view.text;
    let mut units = Vec::new();
    work.take(text.len());
    escape::find(text, &mut units);
    opaque::find(text, work, &mut units);
    spaced::find(text, &mut units);
    if !text.is_ascii() {
        lookalike::find(text, &mut units);
    }
    units.retain(|unit| view.shows(&unit.at));
    if units.is_empty() {
        return Vec::new();
    }
    units.sort_by_key(|unit| unit.at.start);
    // Where two readings meet, the one that begins first; the other is found in its view.
    let mut end = 0;
    units.retain(|unit| {
        let free = unit.at.start >= end;
        end = if free { unit.at.end } else { end };
        free
    });
    let views = units.chunk_by(|a, b| b.at.start - a.at.end <= NEAR_BYTES);
    views.map(|units| shown(text, units, work)).collect()
}

fn shown(text: &str, units: &[Unit], work: &Work) -> View<'static> {
    let mut builder = Builder::default();
    let (first, last) =
        (units.first().map_or(0, |u| u.at.start), units.last().map_or(0, |u| u.at.end));
    let mut at = stretch::word_start(text, first);
    for unit in units {
        builder.same_or_nothing(text.get(at..unit.at.start), at);
        let start = builder.text.len();
        match &unit.hidden {
            Hidden::Char(Some(character)) => builder.unit(*character, unit.at.clone()),
            Hidden::Char(None) => {}
            Hidden::Text(text) => builder.block(text, unit.at.clone()),
        }
        builder.show(start);
        at = unit.at.end;
    }
    let mut end = last.saturating_add(stretch::RIGHT_BYTES).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    builder.same_or_nothing(text.get(at..end), at);
    work.take(builder.text.len() + units.len() * super::STEPS_PER_CHAR);
    builder.view()
}
