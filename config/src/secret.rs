//! References to secrets: files and settings name where a secret is, never the secret itself.

use std::{
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use types::Secret;

/// Where a secret is kept: `env:NAME` or `file:/path`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SecretRef {
    /// An environment variable of the process.
    Env(String),
    /// A file; white space around its text is dropped.
    File(PathBuf),
}

/// Why a secret could not be had. Says where it should be, never what it is.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The text is no reference. It is not repeated, for it may be the secret itself.
    #[error(
        "this is not a reference to a secret; write `env:NAME` or `file:/path`, never the secret itself"
    )]
    Syntax,
    /// The variable is not set, or empty.
    #[error("the environment variable `{0}` is not set; export it before the start")]
    Variable(String),
    /// The file cannot be read.
    #[error("the secret's file `{path}` cannot be read; create it, readable by this user only")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds nothing, or more than a secret.
    #[error(
        "the secret's file `{0}` must hold one line of 1 to {SECRET_BYTES_MAX} bytes; write the secret there alone"
    )]
    Content(PathBuf),
}

/// The longest secret that is read: a PEM key with room to spare.
pub const SECRET_BYTES_MAX: usize = 16 * 1024;

impl SecretRef {
    /// Fetches the secret. `lookup` is the environment: [`crate::settings::variable`] outside
    /// tests. A relative path is taken from `base`.
    ///
    /// # Errors
    /// [`SecretError`], which names the variable or file and never its content.
    pub fn resolve(
        &self,
        base: &Path,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Secret, SecretError> {
        match self {
            Self::Env(name) => lookup(name)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
                .map(Secret::new)
                .ok_or_else(|| SecretError::Variable(name.clone())),
            Self::File(path) => read(&base.join(path)),
        }
    }
}

fn read(path: &Path) -> Result<Secret, SecretError> {
    let failed = |source| SecretError::File { path: path.to_owned(), source };
    let content = || SecretError::Content(path.to_owned());
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(SECRET_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > SECRET_BYTES_MAX {
        return Err(content());
    }
    let text = String::from_utf8(bytes).map_err(|_| content())?;
    match text.trim() {
        "" => Err(content()),
        secret => Ok(Secret::new(secret)),
    }
}

impl FromStr for SecretRef {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
                && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        match text.split_once(':') {
            Some(("env", name)) if is_name(name) => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() && !path.contains('\0') => {
                Ok(Self::File(PathBuf::from(path)))
            }
            _ => Err(SecretError::Syntax),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl From<SecretRef> for String {
    fn from(reference: SecretRef) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for SecretRef {
    type Error = SecretError;

    fn try_from(text: String) -> Result<Self, SecretError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn a_reference_reads_back_what_it_prints() {
        for text in ["env:OPENAI_API_KEY", "file:/run/secrets/openai", "file:keys/openai"] {
            assert_eq!(text.parse::<SecretRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_secret_written_in_place_of_a_reference_is_refused_and_not_repeated() {
        for text in ["sk-proj-abcdef", "env:", "env:sk-not/a name", "file:", "vault:x", ""] {
            let error = text.parse::<SecretRef>().unwrap_err().to_string();
            assert!(!error.contains("sk-"), "{error}");
        }
    }

    #[test]
    fn a_secret_comes_from_the_variable_or_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("key"), "hunter2\n").unwrap();
        let file: SecretRef = "file:key".parse().unwrap();
        assert_eq!(file.resolve(dir.path(), none).unwrap().expose(), "hunter2");
        let env: SecretRef = "env:KEY".parse().unwrap();
        let lookup = |name: &str| (name == "KEY").then(|| " hunter3 ".to_owned());
        assert_eq!(env.resolve(dir.path(), lookup).unwrap().expose(), "hunter3");
    }

    #[test]
    fn a_missing_secret_is_named_by_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let env: SecretRef = "env:NO_KEY".parse().unwrap();
        let message = env.resolve(dir.path(), none).unwrap_err().to_string();
        assert_eq!(
            message,
            "the environment variable `NO_KEY` is not set; export it before the start"
        );
        std::fs::write(dir.path().join("empty"), " \n").unwrap();
        let file: SecretRef = "file:empty".parse().unwrap();
        assert!(matches!(file.resolve(dir.path(), none), Err(SecretError::Content(_))));
        std::fs::write(dir.path().join("big"), vec![b'x'; SECRET_BYTES_MAX + 1]).unwrap();
        let file: SecretRef = "file:big".parse().unwrap();
        assert!(matches!(file.resolve(dir.path(), none), Err(SecretError::Content(_))));
        let file: SecretRef = "file:missing".parse().unwrap();
        assert!(matches!(file.resolve(dir.path(), none), Err(SecretError::File { .. })));
    }
}
