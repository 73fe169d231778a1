//! What an engine is loaded from, and what can be wrong with it.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::ask::AgentKind;

/// Every policy of one git commit.
#[derive(Debug, Clone, Default)]
pub struct Bundle<'a> {
    /// The commit, as every decision records it.
    pub commit: String,
    /// The organisation's layer: `policies/*.cedar`.
    pub organisation: Vec<Source>,
    /// The layer of each agent by the agent's name: `agents/NAME/*.cedar`.
    pub agents: BTreeMap<String, AgentSource<Vec<Source>>>,
    /// Decision cases: `tests/*.toml`.
    pub cases: Vec<Source>,
    /// Statements to prove: `invariants/*.toml`.
    pub invariants: Vec<Source>,
    /// The tools whose definitions the tree has: `tools/*`.
    pub tools: Vec<ToolSource>,
    /// The names of all kinds that DLP can find and of their families; `@redact`, `@block` and their
    /// like may name no other.
    pub kinds: &'a [&'a str],
    /// The kinds, each with the family that stands for all of its kinds.
    pub families: &'a [(&'a str, &'a str)],
}

/// One agent's layer and what the tree says of the agent.
#[derive(Debug, Clone, Default)]
pub struct AgentSource<P> {
    /// Its entity type in policies.
    pub kind: AgentKind,
    /// Its groups and capabilities.
    pub groups: Vec<String>,
    /// Its policies.
    pub policies: P,
}

/// A tool as the tree defines it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolSource {
    /// The server's name.
    pub server: String,
    /// The tool's own name.
    pub name: String,
    /// The JSON schema of its arguments.
    pub input_schema: Value,
}

impl ToolSource {
    /// The name by which policies know it, such as `mail.send`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.server, self.name)
    }
}

/// One policy file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Its path within the git tree, such as `policies/guardrails.cedar`.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// One thing that is wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file's path within the git tree.
    pub file: String,
    /// The line, from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.message, self.fix)
    }
}
