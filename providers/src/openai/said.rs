//! What an assistant said, in the forms in which servers write it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

/// Text, or (Mistral) a list of parts whose texts are joined, thoughts apart.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) text: Option<String>,
    pub(super) thoughts: Option<String>,
}

/// A part: a text, or a thought that has texts of its own. Parts of other kinds have neither.
#[derive(Deserialize)]
struct PartIn {
    text: Option<String>,
    thinking: Option<Vec<TextIn>>,
}

#[derive(Deserialize)]
struct TextIn {
    text: Option<String>,
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or parts")
    }

    fn visit_unit<E>(self) -> Result<Said, E> {
        Ok(Said::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Said, E> {
        Ok(Said { text: Some(text.to_owned()), thoughts: None })
    }

    fn visit_string<E>(self, text: String) -> Result<Said, E> {
        Ok(Said { text: Some(text), thoughts: None })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Said, A::Error> {
        let mut said = Said { text: Some(String::new()), thoughts: None };
        while let Some(part) = parts.next_element::<PartIn>()? {
            let text = part.text.as_deref().unwrap_or_default();
            said.text.get_or_insert_default().push_str(text);
            for thought in part.thinking.into_iter().flatten() {
                let text = thought.text.as_deref().unwrap_or_default();
                said.thoughts.get_or_insert_default().push_str(text);
            }
        }
        Ok(said)
    }
}
