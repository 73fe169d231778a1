//! What a text hides: encoded, spelt out, or written with letters that look like others. Each place is
//! undone in a view of its own, with the text round it, since cues may stand there in plain.

mod apart;
mod escape;
mod lookalike;
mod opaque;
mod spaced;

use std::ops::Range;

use super::{Builder, View};
use crate::{stretch, text::Work};

/// What a further view has behind what was hidden: the longest value that can stand beside it, and what a
/// detector reads to the right of that.
const BEHIND_BYTES: usize = stretch::MATCH_BYTES_MAX + stretch::RIGHT_BYTES;

/// A piece of a text, and what it hides.
#[derive(Clone)]
pub(super) struct Unit {
    at: Range<usize>,
    hidden: Hidden,
}

#[derive(Clone)]
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

/// A view of every place of a view in which something is hidden, and one of every place at which something
/// is set apart. In a further view that is only what was hidden before: the rest was looked at already.
pub(super) fn undone(view: &View<'_>, work: &Work) -> Vec<View<'static>> {
    let text = &*view.text;
    let (mut units, mut runs, mut apart) = (Vec::new(), Vec::new(), Vec::new());
    work.take(text.len());
    escape::find(text, &mut units);
    // INVARIANT: a view that puts together what is set apart is a last one, but for escapes of such
    // characters, so that there are two for each depth and not twice as many as for the one before.
    if !view.joined {
        opaque::find(text, work, &mut runs);
        spaced::find(text, &mut runs);
        if !text.is_ascii() {
            lookalike::find(text, &mut units);
            apart::find(text, &mut apart);
        }
    }
    units.retain(|unit| view.hid(&unit.at));
    // Where a run ends hangs on what stands beside it.
    units.extend(runs.into_iter().filter(|unit| view.shows(&unit.at)));
    let rows = apart.chunk_by(|a, b| a.at.end == b.at.start);
    let rows = rows.filter(|row| row.iter().any(|unit| view.shows(&unit.at)));
    let mut views = without(text, units, work);
    // Of themselves: beside a value they are no part of it, and must not become one in every view.
    let joined = without(text, rows.flatten().cloned().collect(), work);
    views.extend(joined.into_iter().map(|view| View { joined: true, ..view }));
    views
}

/// The views of a text without these disguises.
fn without(text: &str, mut units: Vec<Unit>, work: &Work) -> Vec<View<'static>> {
    units.sort_by_key(|unit| unit.at.start);
    // Where two readings meet, the one that begins first; the other is found in its view.
    let mut end = 0;
    units.retain(|unit| {
        let free = unit.at.start >= end;
        end = if free { unit.at.end } else { end };
        free
    });
    // INVARIANT: what stands round one place overlaps no other of these views, so that together they are
    // no longer than the text, but for characters that become several.
    let near = |a: &Unit, b: &Unit| reaches(text, a.at.end, b.at.start);
    units.chunk_by(near).map(|units| shown(text, units, work)).collect()
}

/// Whether the surroundings of what ends at one place reach those of what begins at another.
fn reaches(text: &str, end: usize, start: usize) -> bool {
    let gap = start.saturating_sub(end + stretch::LEFT_BYTES);
    let token = end..end + gap.saturating_sub(stretch::RIGHT_BYTES);
    let is_token = |bytes: &[u8]| !bytes.iter().any(u8::is_ascii_whitespace);
    gap <= BEHIND_BYTES || text.as_bytes().get(token).is_some_and(is_token)
}

/// Where the surroundings of what ends here end: a token that begins here is in them as a whole, since
/// it may be a key.
fn end_of(text: &str, from: usize) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let token = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let end = from.saturating_add(BEHIND_BYTES.max(token + stretch::RIGHT_BYTES));
    text.ceil_char_boundary(end.min(text.len()))
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
    builder.same_or_nothing(text.get(at..end_of(text, last)), at);
    work.take(builder.text.len() + units.len() * super::STEPS_PER_CHAR);
    builder.view()
}
