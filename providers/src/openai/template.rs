//! Chunks of one stream that differ in a piece of text and in nothing else.
//!
//! A stream has hundreds of them, and reading one as JSON costs many times what looking at it does. A
//! chunk that begins and ends, byte for byte, as one that was read before, and has a JSON string where
//! that one had its text, says the same with another text.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// A chunk that was read and said a piece of text, without that text.
#[derive(Debug)]
pub(super) struct Template {
    /// Up to the text's opening quote, with it.
    before: String,
    /// From the text's closing quote on, with it.
    after: String,
    pub(super) choice: u32,
}

impl Template {
    /// The template of a chunk. `text` is the value of its text, borrowed from `data`; one that is no
    /// string makes no template.
    pub(super) fn of(data: &str, text: &RawValue, choice: u32) -> Option<Self> {
        let text = text.get();
        let at = text.as_ptr().addr().checked_sub(data.as_ptr().addr())?;
        let (start, end) = (at.checked_add(1)?, at.checked_add(text.len())?.checked_sub(1)?);
        let (before, after) = (data.get(..start)?, data.get(end..)?);
        let is_string = start <= end && before.ends_with('"') && after.starts_with('"');
        is_string.then(|| Self { before: before.to_owned(), after: after.to_owned(), choice })
    }

    /// The text of a chunk of this form; `None` where it must be read as a whole.
    pub(super) fn text<'d>(&self, data: &'d str) -> Option<Cow<'d, str>> {
        let text = data.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().all(is_plain) {
            return Some(Cow::Borrowed(text));
        }
        // Escapes, or no string at all: what stands between the quotes, and they, tell.
        let start = self.before.len().checked_sub(1)?;
        let end = start.checked_add(text.len())?.checked_add(2)?;
        serde_json::from_str(data.get(start..end)?).ok().map(Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Chunk<'a> {
        #[serde(borrow)]
        content: &'a RawValue,
    }

    fn template(data: &str) -> Option<Template> {
        let chunk: Chunk<'_> = serde_json::from_str(data).unwrap();
        Template::of(data, chunk.content, 3)
    }

    #[track_caller]
    fn check(data: &str, text: Option<&str>) {
        let template = template(r#"{"id":"a","content":"Hello","n":1}"#).unwrap();
        assert_eq!(template.text(data).as_deref(), text, "{data}");
    }

    #[test]
    fn a_chunk_that_differs_in_its_text_alone_is_known_by_it() {
        check(r#"{"id":"a","content":" world","n":1}"#, Some(" world"));
        check(r#"{"id":"a","content":"","n":1}"#, Some(""));
        check(r#"{"id":"a","content":"\"\u00e9\\ \n","n":1}"#, Some("\"é\\ \n"));
        check(r#"{"id":"a","content":"é😀","n":1}"#, Some("é😀"));
    }

    #[test]
    fn any_other_difference_is_read_as_a_whole() {
        check(r#"{"id":"b","content":"Hello","n":1}"#, None);
        check(r#"{"id":"a","content":"Hello","n":2}"#, None);
        check(r#"{"id":"a","content":"Hello","n":1} "#, None);
        check(r#"{"id":"a","content":null,"n":1}"#, None);
        check(r#"{"id":"a","content":"a","content":"b","n":1}"#, None);
        check(r#"{"id":"a","content":"a","usage":{},"x":"b","n":1}"#, None);
        check(r#"{"id":"a","content":"\","n":1}"#, None);
        check(r#"{"id":"a","content":"\ud800","n":1}"#, None);
        check("{\"id\":\"a\",\"content\":\"a\nb\",\"n\":1}", None);
        // Where the two ends would have to share a quote.
        check(r#"{"id":"a","content":","n":1}"#, None);
        check(r#"{"id":"a","content":"n":1}"#, None);
    }

    #[test]
    fn a_chunk_whose_text_is_no_string_makes_no_template() {
        for data in [r#"{"content":null}"#, r#"{"content":["a"]}"#, r#"{"content":1}"#] {
            assert!(template(data).is_none(), "{data}");
        }
    }
}
