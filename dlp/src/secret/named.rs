//! Tokens without a mark of their own: thirty-two hexadecimal digits are a key of this provider or
//! of that one only where its name stands beside them.

use super::{
    form::{self, Form},
    value::Value,
};
use crate::{Kind, text::Text};

/// One row of the table.
pub(crate) struct Named {
    pub(crate) kind: Kind,
    /// Names of the provider, in lower case.
    pub(crate) words: &'static [&'static str],
    /// What its tokens look like, each from the first byte to the last.
    pub(crate) forms: &'static [Form],
    /// Words that must stand in the key too, such as `secret`, where the form is a common one.
    pub(crate) key: &'static [&'static str],
}

/// The tokens of a provider by its names and their forms.
pub(crate) const fn named(
    kind: Kind,
    words: &'static [&'static str],
    forms: &'static [Form],
) -> Named {
    Named { kind, words, forms, key: &[] }
}

impl Named {
    /// One of these words must stand in the key.
    pub(crate) const fn key(self, key: &'static [&'static str]) -> Self {
        Self { key, ..self }
    }

    /// Whether a value has one of the forms from end to end and looks drawn: very much so where
    /// only the text around names the provider.
    pub(super) fn fits(
        &self,
        text: Text<'_>,
        start: usize,
        value: &Value<'_>,
        in_key: bool,
    ) -> bool {
        let end = start + value.text.len();
        let has_form = self.forms.iter().any(|form| form::end(text, start, form) == Some(end));
        has_form && (value.is_drawn() || in_key && !value.look.is_wordy())
    }
}
