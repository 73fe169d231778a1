//! Puts values back in place of tokens, in a text that comes in pieces.

use crate::{Form, tokens};

/// Reads one channel of an answer and restores what it may. Text that can be the beginning of a token
/// is held back until the rest of it is there; everything else goes through at once.
#[derive(Debug)]
pub struct Restorer {
    form: Form,
    /// What may become a token; empty or beginning with the opener's first bracket.
    held: String,
}

impl Restorer {
    /// For a channel of this form: in JSON a value is written as the content of a string.
    pub const fn new(form: Form) -> Self {
        Self { form, held: String::new() }
    }

    /// Takes a piece and gives what is certain. `value` says what a token stands for here; a token
    /// that it does not know stays as it is.
    pub fn push(&mut self, piece: &str, value: impl Fn(&str) -> Option<String>) -> String {
        if self.held.is_empty() && !piece.contains('[') {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let held = std::mem::take(&mut self.held);
        let mut out = String::with_capacity(held.len());
        let mut rest = held.as_str();
        while let Some(at) = rest.find('[') {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            if let Some(token) = tokens::at_start(from) {
                out.push_str(&value(token).map_or_else(|| token.to_owned(), |v| self.written(v)));
                rest = from.get(token.len()..).unwrap_or_default();
            } else if tokens::may_become(from) {
                from.clone_into(&mut self.held);
                return out;
            } else {
                out.push('[');
                rest = from.get(1..).unwrap_or_default();
            }
        }
        out.push_str(rest);
        out
    }

    /// What is left when the channel ends.
    pub fn end(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    fn written(&self, value: String) -> String {
        match self.form {
            Form::Text => value,
            Form::Json => {
                let quoted = serde_json::Value::String(value).to_string();
                quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(token: &str) -> Option<String> {
        match token {
            "[[EMAIL:7f3k2q]]" => Some("a@b.org".to_owned()),
            "[[NOTE:aaaaaa]]" => Some("say \"hi\"\n".to_owned()),
            _ => None,
        }
    }

    fn restored(form: Form, pieces: &[&str]) -> String {
        let mut restorer = Restorer::new(form);
        let mut out: String = pieces.iter().map(|piece| restorer.push(piece, value)).collect();
        out.push_str(&restorer.end());
        out
    }

    #[test]
    fn a_known_token_gives_way_and_every_other_stays() {
        let text = "to [[EMAIL:7f3k2q]], [[EMAIL:zzzzzz]], [[[EMAIL:7f3k2q]]] [[EMAIL:7f3k2";
        let expected = "to a@b.org, [[EMAIL:zzzzzz]], [a@b.org] [[EMAIL:7f3k2";
        assert_eq!(restored(Form::Text, &[text]), expected);
    }

    #[test]
    fn in_json_a_value_stays_inside_its_string() {
        let text = r#"{"a": "[[NOTE:aaaaaa]]"}"#;
        assert_eq!(restored(Form::Json, &[text]), r#"{"a": "say \"hi\"\n"}"#);
    }

    proptest! {
        #[test]
        fn cuts_make_no_difference(
            parts in prop::collection::vec(prop_oneof![
                Just("[[EMAIL:7f3k2q]]".to_owned()), Just("[[NOTE:aaaaaa]]".to_owned()),
                Just("[[EMAIL:zzzzzz]]".to_owned()), "[\\[\\]:A-Zaé ]{0,5}"], 0..8),
            cuts in prop::collection::vec(0_usize..200, 0..12),
        ) {
            let text = parts.concat();
            let mut cuts: Vec<_> = cuts.into_iter().filter(|&cut| cut < text.len() && text.is_char_boundary(cut)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(restored(Form::Text, &pieces), restored(Form::Text, &[&text]));
        }
    }
}
