//! What a tool says of tools of other servers.

use std::collections::{BTreeMap, BTreeSet};

use types::SEPARATOR;

use super::{Fault, Said};
use crate::{Definition, shown::shown};

/// Words that make a mention an order.
const ORDERS: [&str; 20] = [
    "after", "always", "before", "cc", "bcc", "every", "first", "forward", "instead", "must",
    "never", "prior", "replace", "required", "should", "shall", "then", "use", "when", "whenever",
];

/// Whose the names are that a text may mention.
pub(super) struct Others<'t> {
    owners: BTreeMap<String, BTreeSet<&'t str>>,
}

impl<'t> Others<'t> {
    pub(super) fn of(tools: &[(&'t str, &'t Definition)]) -> Self {
        let mut owners: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (server, tool) in tools {
            let full = [SEPARATOR, "."].map(|between| format!("{server}{between}{}", tool.name));
            for name in full.into_iter().chain([tool.name.clone()]) {
                owners.entry(name.to_lowercase()).or_default().insert(server);
            }
        }
        Self { owners }
    }

    /// A mention of a tool that this server has not, in a sentence that gives orders or not.
    pub(super) fn check(&self, server: &str, text: &str) -> Vec<Said> {
        let sentences = text.split(['\n', '!', '?', ';']).flat_map(|line| line.split(". "));
        sentences.filter_map(|sentence| self.sentence(server, sentence)).take(4).collect()
    }

    fn sentence(&self, server: &str, sentence: &str) -> Option<Said> {
        let is_in = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
        let words: Vec<String> = sentence
            .split(|letter| !is_in(letter))
            .map(|word| word.trim_matches('.').to_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        let (mentioned, owner) = words.iter().enumerate().find_map(|(index, word)| {
            let owners = self.owners.get(word).filter(|owners| !owners.contains(server))?;
            let next = words.get(index + 1).map(String::as_str);
            let is_meant = !is_common(word)
                || matches!(next, Some("tool" | "function"))
                || ['`', '"', '\''].iter().any(|quote| {
                    sentence.to_lowercase().contains(&format!("{quote}{word}{quote}"))
                });
            is_meant.then(|| (word, owners.iter().next().copied().unwrap_or_default()))
        })?;
        let what = format!("it speaks of `{}`, a tool of server `{owner}`", shown(mentioned, 80));
        let orders = words.iter().any(|word| ORDERS.contains(&word.as_str()));
        Some(if orders {
            Said::refuse(Fault::OtherTool, what + ", and says what to do")
        } else {
            Said::warn(Fault::OtherTool, what)
        })
    }
}

/// Whether a name is a word of the language too, which alone says nothing.
fn is_common(word: &str) -> bool {
    word.chars().all(char::is_alphabetic)
}
