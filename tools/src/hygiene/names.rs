//! Names of tools: what models can call, and what is taken for another tool.

use std::collections::{BTreeMap, BTreeSet};

use types::SEPARATOR;
use unicode_security::confusable_detection::skeleton;

use super::{Fault, Said};
use crate::{Definition, shown::shown};

/// How many characters models let a function's name have.
const CALLABLE_CHARS_MAX: usize = 64;

/// The names of all tools.
pub(super) struct Taken {
    /// What is called by each form that a name may be taken for.
    by_look: BTreeMap<String, BTreeSet<(String, String)>>,
    servers: BTreeSet<String>,
}

impl Taken {
    pub(super) fn of(tools: &[(&str, &Definition)]) -> Self {
        let mut by_look: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
        for (server, tool) in tools {
            let one = ((*server).to_owned(), tool.name.clone());
            by_look.entry(look(&tool.name)).or_default().insert(one);
        }
        let servers = tools.iter().map(|(server, _)| (*server).to_owned()).collect();
        Self { by_look, servers }
    }

    pub(super) fn check(&self, server: &str, name: &str) -> Vec<Said> {
        let mut said = Vec::new();
        let callable = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        if !name.chars().all(callable) {
            let what = "a name may have ASCII letters, digits, `_`, `-` and `.`";
            said.push(Said::refuse(Fault::OddName, what));
        }
        if server.len() + SEPARATOR.len() + name.len() > CALLABLE_CHARS_MAX {
            let what = format!(
                "`{server}{SEPARATOR}` and the name are longer than the {CALLABLE_CHARS_MAX} characters that models take"
            );
            said.push(Said::warn(Fault::OddName, what));
        }
        let prefix = name.split_once(SEPARATOR).map(|(prefix, _)| prefix);
        if let Some(other) =
            prefix.filter(|prefix| *prefix != server && self.servers.contains(*prefix))
        {
            let what = format!("the name is written as if it were a tool of server `{other}`");
            said.push(Said::refuse(Fault::ShadowedName, what));
        }
        said.extend(self.shadows(server, name));
        said
    }

    /// Those that a name may be taken for: the same name elsewhere is told apart by its server, one
    /// that only looks the same is not.
    fn shadows(&self, server: &str, name: &str) -> Vec<Said> {
        let alike = self.by_look.get(&look(name)).into_iter().flatten();
        let others = alike.filter(|(owner, other)| owner != server || other != name);
        others
            .map(|(owner, other)| {
                let other_shown = shown(other, 80);
                if other == name {
                    let what = format!("server `{owner}` has a tool of the same name");
                    Said::warn(Fault::ShadowedName, what)
                } else {
                    let what = format!("the name is read as `{other_shown}` of server `{owner}`");
                    Said::refuse(Fault::ShadowedName, what)
                }
            })
            .collect()
    }
}

/// What a name looks like: without case, with one sign for all that separates words, and with
/// letters that look the same as one.
fn look(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if "-. /".contains(letter) { '_' } else { letter })
        .flat_map(char::to_lowercase)
        .collect();
    // Unicode's table takes `1` and `l`, `0` and `O`, `m` and `rn` for one another.
    skeleton(&plain).flat_map(char::to_lowercase).collect()
}
