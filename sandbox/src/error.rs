//! Why a sandbox did not do what it was asked for.

use crate::{Isolation, Refusal};

/// Why a sandbox did not do what it was asked for. No text has a command, an output or a file's bytes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is wanted cannot be had.
    #[error("the sandbox cannot be used: {why}")]
    Spec {
        /// What is wrong with it.
        why: String,
    },
    /// Nobody vouches for the code, and isolation is not whole.
    #[error("untrusted code is refused here: {}; see `isolation` of the sandbox driver", .0.why())]
    NotIsolated(Box<Isolation>),
    /// All places are taken.
    #[error("all {most} sandboxes of this machine are in use; stop one, or raise `sandbox.count`")]
    Full {
        /// How many there may be.
        most: u32,
    },
    /// There is no such sandbox.
    #[error("there is no sandbox `{name}`; create it first")]
    NoSandbox {
        /// The name asked for.
        name: String,
    },
    /// There is no such command.
    #[error("no command was started with the key `{key}`")]
    NoCommand {
        /// The key asked for.
        key: String,
    },
    /// The key belongs to another command.
    #[error("the key `{key}` was used for another command; give each command a key of its own")]
    KeyTaken {
        /// The key.
        key: String,
    },
    /// A command began and nobody can tell how it ended.
    #[error(
        "the command with the key `{key}` began and left no record of its end; look before you try again"
    )]
    Lost {
        /// The key.
        key: String,
    },
    /// A path leads out of the workspace, or over a link.
    #[error("the path `{path}` is not one below the workspace without links")]
    Outside {
        /// The path asked for.
        path: String,
    },
    /// Nothing is there.
    #[error("there is nothing at `{path}` in the workspace")]
    NotFound {
        /// The path asked for.
        path: String,
    },
    /// Something else is there than was asked for.
    #[error("what is at `{path}` in the workspace is not {wanted}")]
    NotA {
        /// The path asked for.
        path: String,
        /// What was expected.
        wanted: &'static str,
    },
    /// More than may be.
    #[error("`{what}` is larger than {most} bytes")]
    TooLarge {
        /// What is.
        what: String,
        /// The bound.
        most: u64,
    },
    /// The way out is closed to a place.
    #[error("{0}")]
    Egress(#[from] Refusal),
    /// The machine did not do its part.
    #[error("{act}: {source}")]
    Io {
        /// What was tried.
        act: String,
        /// What it said.
        source: std::io::Error,
    },
    /// A service elsewhere did not do its part.
    #[error("the sandbox service failed to {act}: {why}")]
    Remote {
        /// What was tried.
        act: &'static str,
        /// A status or a kind of failure; nothing of a body.
        why: String,
        /// Whether the same may succeed when it is tried again.
        retry: bool,
    },
}

impl Error {
    /// For `map_err`: what was tried when the machine failed.
    pub(crate) fn io<E: Into<std::io::Error>>(act: impl Into<String>) -> impl FnOnce(E) -> Self {
        let act = act.into();
        move |source| Self::Io { act, source: source.into() }
    }
}
