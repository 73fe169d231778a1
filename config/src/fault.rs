//! One mistake in a file or variable, and what to do about it.

use std::fmt;

use serde::Serialize;

/// One mistake that a person can mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The file, or the name of the environment variable.
    pub file: String,
    /// The line in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// The key with its sections, such as `gateway.listen`; empty where the whole file is meant.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for Fault {
    /// One line: `orchestack.toml:3: gateway.listen: what is wrong; what to do`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}; {}", self.message, self.fix)
    }
}

impl std::error::Error for Fault {}
