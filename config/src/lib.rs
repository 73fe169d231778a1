//! What the operator wrote, read once, checked whole, and handed on as values: the settings of one
//! process, the git tree of the organisation, and references to secrets.
//!
//! INVARIANT: every mistake in a file is reported at once, with file, line, key and fix; a value is
//! never guessed, and a secret's text never appears in a fault.

mod annotated;
mod document;
mod fault;
mod known;
mod reader;
mod secret;
pub mod settings;
pub mod starter;
pub mod tree;

pub use fault::Fault;
pub use known::{
    Address, FoundProvider, KNOWN_PROVIDERS, KnownProvider, LOCAL_PROVIDERS, provider_keys,
};
pub use secret::{SecretError, SecretRef};
pub use settings::Settings;
pub use tree::Tree;
