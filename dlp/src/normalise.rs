//! From a field's text to the views that detectors read, each with the way back to the original.
//!
//! The first view is the text with format characters dropped, NFKC per character but for signs and raised
//! characters, digits and dashes of all scripts as ASCII, and JSON escapes decoded where the text is JSON. ASCII text without escapes is
//! its own first view and costs one pass. Each disguise in it makes a further view of what it hides and
//! of what stands round it (`disguise.rs`), and so does each disguise in that one.

mod chars;
mod disguise;
mod json;
mod promise;

use std::{borrow::Cow, ops::Range};

use unicode_normalization::UnicodeNormalization as _;

use crate::text::Work;
pub use chars::is_ignorable;
use chars::{ascii_form, is_apart, is_stable};
pub(crate) use json::{decode_escape, is_json};
pub use promise::views_hold;

/// What a character outside ASCII costs beside a byte that is only copied.
const STEPS_PER_CHAR: usize = 16;

/// A character that becomes more than this many is kept as it is, so that a view stays in
/// proportion to its text.
const CHARS_PER_CHAR_MAX: usize = 4;

/// How deep a value may be hidden from an inspection: three disguises, one in the other.
pub(crate) const DEPTH_MAX: usize = 3;

/// All further views together are at most so many times as long as the text for each depth: what is hidden
/// is undone in one, what is set apart is put together in another.
const GROWTH_MAX: usize = 2;

/// The views of one text.
pub(crate) struct Views<'a> {
    views: Vec<View<'a>>,
    /// Whether no view was left out.
    pub(crate) complete: bool,
}

/// A text as detectors see it.
pub(crate) struct View<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The view that this one was made from; none for the first, which was made from the original.
    parent: Option<usize>,
    /// None when the view is what it was made from.
    segments: Option<Vec<Segment>>,
    /// What was hidden before; in a further view nothing else is new.
    shown: Vec<Range<usize>>,
    /// How many disguises it is without.
    pub(crate) depth: usize,
    /// Whether it is without what sets characters apart from the word beside them.
    joined: bool,
}

/// A stretch of the view and the bytes of its parent that it stands for.
struct Segment {
    view_start: usize,
    original: Range<usize>,
    /// Byte for byte the same, so that positions inside can be told apart.
    same: bool,
}

/// The views of a text to scan, to this depth. One that is `whole` is read as JSON where it is JSON.
pub(crate) fn views<'a>(text: &'a str, whole: bool, depth_max: usize, work: &Work) -> Views<'a> {
    let mut views = vec![first(text, whole, work)];
    let mut room = room(text, depth_max);
    let mut complete = true;
    let mut next = 0;
    while let Some(view) = views.get(next) {
        if view.depth < depth_max && !work.is_spent() {
            let depth = view.depth + 1;
            let further = disguise::undone(view, work);
            let further =
                further.into_iter().map(|view| View { parent: Some(next), depth, ..view });
            for view in further {
                // What is left out must not pass for looked at.
                let left = room.checked_sub(view.text.len());
                complete &= left.is_some();
                if let Some(left) = left {
                    room = left;
                    views.push(view);
                }
            }
        }
        next += 1;
    }
    Views { views, complete }
}

/// How long all further views may be together.
const fn room(text: &str, depth_max: usize) -> usize {
    text.len().saturating_mul(GROWTH_MAX * depth_max).saturating_add(1 << 10)
}

/// The ways in which a text can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    /// With every character in its plain form, and without each disguise. A further reading is of what
    /// was hidden and of what stands near it.
    pub texts: Vec<String>,
    /// Whether these are all: false where there was more to do than the steps allow.
    pub complete: bool,
}

/// Reads a text in every way, in at most so many steps.
pub fn readings(text: &str, steps: u64) -> Readings {
    let work = Work::new(steps);
    let Views { views, complete } = views(text, true, DEPTH_MAX, &work);
    let texts = views.into_iter().map(|view| view.text.into_owned()).collect();
    Readings { texts, complete: complete && !work.is_spent() }
}

fn first<'a>(text: &'a str, whole: bool, work: &Work) -> View<'a> {
    let json = whole && text.contains('\\') && is_json(text);
    work.take(text.len() * if json { 4 } else { 1 });
    if !json && unchanged(text) == text.len() {
        let text = Cow::Borrowed(text);
        let shown = Vec::new();
        return View { text, parent: None, segments: None, shown, depth: 0, joined: false };
    }
    let mut builder = Builder::default();
    if json {
        json::units(text, &mut builder);
    } else {
        builder.plain(text, 0);
    }
    work.take(builder.text.len() + builder.segments.len() * STEPS_PER_CHAR);
    builder.view()
}

impl<'a> Views<'a> {
    /// Every view with its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &View<'a>)> {
        self.views.iter().enumerate()
    }

    /// The bytes of the text behind a piece of a view: whole characters and whole escapes.
    pub(crate) fn original(&self, view: usize, span: &Range<usize>) -> Range<usize> {
        let mut span = span.clone();
        let mut next = Some(view);
        while let Some(view) = next.and_then(|view| self.views.get(view)) {
            span = view.before(&span);
            next = view.parent;
        }
        span
    }
}

impl View<'_> {
    /// Whether a piece of the view was hidden in what it was made from, at least in part.
    fn hid(&self, span: &Range<usize>) -> bool {
        let after = self.shown.partition_point(|shown| shown.end <= span.start);
        self.parent.is_none() || self.shown.get(after).is_some_and(|shown| shown.start < span.end)
    }

    /// Whether a piece of the view was hidden in what it was made from, or stands beside what was: there
    /// something else stood at its edge before, and may have made another word of it.
    pub(crate) fn shows(&self, span: &Range<usize>) -> bool {
        let after = self.shown.partition_point(|shown| shown.end < span.start);
        self.parent.is_none() || self.shown.get(after).is_some_and(|shown| shown.start <= span.end)
    }

    /// The bytes of the parent behind a piece of the view.
    fn before(&self, span: &Range<usize>) -> Range<usize> {
        let Some(segments) = &self.segments else { return span.clone() };
        let find = |position: usize| {
            let after = segments.partition_point(|segment| segment.view_start <= position);
            after.checked_sub(1).and_then(|index| segments.get(index))
        };
        let start = find(span.start).map_or(0, |segment| {
            let inside = span.start - segment.view_start;
            segment.original.start + if segment.same { inside } else { 0 }
        });
        let end = find(span.end.saturating_sub(1)).map_or(start, |segment| {
            let inside = span.end - segment.view_start;
            if segment.same { segment.original.start + inside } else { segment.original.end }
        });
        start..end.max(start)
    }
}

/// How much of a text's start is read as it stands.
fn unchanged(text: &str) -> usize {
    let mut at = 0;
    while let Some(next) = next_wide(text, at) {
        at = next;
        let rest = text.get(at..).unwrap_or_default();
        let stable = rest.chars().take_while(|&c| !c.is_ascii() && is_stable(c));
        let length: usize = stable.map(char::len_utf8).sum();
        at += length;
        if rest.get(length..).and_then(|rest| rest.chars().next()).is_some_and(|c| !c.is_ascii()) {
            return at;
        }
    }
    text.len()
}

/// Bytes that are looked at in one go.
const BLOCK: usize = 64;

/// The next byte outside ASCII; blocks without one, which most are, are passed over whole.
fn next_wide(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let plain = rest.chunks_exact(BLOCK).take_while(|block| block.is_ascii()).count() * BLOCK;
    let wide = rest.get(plain..)?.iter().position(|byte| !byte.is_ascii())?;
    Some(from + plain + wide)
}

/// Puts a view together.
#[derive(Default)]
struct Builder {
    text: String,
    segments: Vec<Segment>,
    shown: Vec<Range<usize>>,
}

impl Builder {
    fn view(self) -> View<'static> {
        let Self { text, segments, shown } = self;
        let (text, segments) = (Cow::Owned(text), Some(segments));
        View { text, parent: None, segments, shown, depth: 0, joined: false }
    }

    /// Adds text that stands in the original at `offset` as it is here.
    fn plain(&mut self, text: &str, offset: usize) {
        let mut rest = text;
        let mut offset = offset;
        while !rest.is_empty() {
            let (run, after) = rest.split_at(unchanged(rest));
            if !run.is_empty() {
                self.same(run, offset);
            }
            offset += run.len();
            let Some(first) = after.chars().next() else { return };
            self.unit(first, offset..offset + first.len_utf8());
            offset += first.len_utf8();
            rest = after.get(first.len_utf8()..).unwrap_or_default();
        }
    }

    /// Adds text that is unchanged.
    fn same(&mut self, run: &str, offset: usize) {
        let grows = self.segments.last_mut().filter(|last| last.same);
        match grows.filter(|last| last.original.end == offset) {
            Some(last) => last.original.end += run.len(),
            None => self.segments.push(Segment {
                view_start: self.text.len(),
                original: offset..offset + run.len(),
                same: true,
            }),
        }
        self.text.push_str(run);
    }

    /// Adds what one character of the original, or one escape, becomes.
    fn unit(&mut self, character: char, original: Range<usize>) {
        if is_ignorable(character) {
            return;
        }
        let view_start = self.text.len();
        match ascii_form(character) {
            Some(ascii) => self.text.push(ascii),
            // What is only set apart would become part of the word beside it (`disguise/apart.rs`).
            None if is_stable(character) || is_apart(character) => self.text.push(character),
            None if std::iter::once(character).nfkc().count() > CHARS_PER_CHAR_MAX => {
                self.text.push(character);
            }
            None => self.text.extend(std::iter::once(character).nfkc()),
        }
        self.segments.push(Segment { view_start, original, same: false });
    }

    /// Adds a piece of the parent, if it is one.
    fn same_or_nothing(&mut self, run: Option<&str>, offset: usize) {
        if let Some(run) = run.filter(|run| !run.is_empty()) {
            self.same(run, offset);
        }
    }

    /// Takes note that what was added from here on was hidden.
    fn show(&mut self, start: usize) {
        match self.shown.last_mut() {
            Some(last) if last.end == start => last.end = self.text.len(),
            _ => self.shown.push(start..self.text.len()),
        }
    }

    /// Adds what a piece of the parent hid.
    fn block(&mut self, text: &str, original: Range<usize>) {
        let from = self.segments.len();
        text.chars().for_each(|character| self.unit(character, original.clone()));
        self.segments.truncate(from + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let views = views(text, true, DEPTH_MAX, &Work::new(9_999));
        assert_eq!(views.views[0].text, expected);
    }

    /// What stands in the original where the view has `piece`.
    #[track_caller]
    fn check_back(text: &str, piece: &str, expected: &str) {
        let views = views(text, true, DEPTH_MAX, &Work::new(9_999));
        let start = views.views[0].text.find(piece).unwrap();
        assert_eq!(&text[views.original(0, &(start..start + piece.len()))], expected);
    }

    #[test]
    fn what_is_seen_is_what_is_read() {
        check("plain", "plain");
        check("1\u{200B}2\u{FEFF}3", "123");
        check("４１１１", "4111");
        check("٤١١", "411");
        check("a＠b．com", "a@b.com");
        check("123\u{2013}45", "123-45");
        check("a\u{A0}b", "a b");
        check("Grüße, 世界", "Grüße, 世界");
        check("back\\slash", "back\\slash");
        check(r#"{"a":"x\u0040y\n\ud83d\ude00"}"#, "{\"a\":\"x@y\n😀\"}");
    }

    #[test]
    fn the_shortest_that_hides_something_is_seen_wherever_it_stands() {
        for before in 0..24 {
            for after in ["", " and more"] {
                let text = format!("{}6140622e636f6d{after}", " ".repeat(before));
                let readings = readings(&text, 9_999);
                assert!(
                    readings.texts.iter().any(|reading| reading.contains("a@b.com")),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn a_character_does_not_blow_up() {
        check("\u{FDFA}", "\u{FDFA}");
    }

    #[test]
    fn a_span_leads_back_to_the_original() {
        check_back("see 1\u{200B}23.", "123", "1\u{200B}23");
        check_back("é ４１ é", "41", "４１");
        check_back(r#"["\nab\u0040c"]"#, "ab@c", r"ab\u0040c");
        check_back("ab", "b", "b");
        check_back("ﬃx", "x", "x");
    }
}
