//! Why a command did not do what it was asked, and the exit code that goes with it.

use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The settings are wrong.
    #[error("the settings have {} mistake(s)", .0.len())]
    Settings(Vec<config::Fault>),
    /// The command is wrong in a way that its grammar does not show.
    #[error("{message}")]
    Usage { message: String, fix: String },
    /// The admin API refused.
    #[error("{}", .0.message)]
    Refused(admin::Fault),
    /// The commit of the tree does not load.
    #[error("the policy tree does not load at commit {commit}")]
    Tree { commit: String, faults: Vec<config::Fault> },
    /// Anything else; the text says what to do.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A failure with an error's whole chain of causes as its text.
    pub(crate) fn of(error: impl std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let more = cause.to_string();
            // Many errors print their source themselves.
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            source = cause.source();
        }
        Self::Failed(text)
    }

    pub(crate) fn usage(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), fix: fix.into() }
    }

    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Settings(_) | Self::Usage { .. } => ExitCode::from(2),
            Self::Refused(fault) if fault.code == "invalid_request" => ExitCode::from(2),
            Self::Refused(_) | Self::Tree { .. } | Self::Failed(_) => ExitCode::FAILURE,
        }
    }

    /// What to do about it, where the text does not say so itself.
    pub(crate) fn fixes(&self) -> Vec<String> {
        match self {
            Self::Settings(faults) | Self::Tree { faults, .. } => {
                faults.iter().map(ToString::to_string).collect()
            }
            Self::Usage { fix, .. } => vec![fix.clone()],
            Self::Refused(fault) => vec![fault.fix.clone()],
            Self::Failed(_) => Vec::new(),
        }
    }

    /// The stable name, for machines.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Settings(_) => "settings",
            Self::Usage { .. } => "usage",
            Self::Refused(fault) => &fault.code,
            Self::Tree { .. } => "tree_refused",
            Self::Failed(_) => "failed",
        }
    }
}

impl From<snapshot::Error> for Failure {
    fn from(error: snapshot::Error) -> Self {
        match error {
            snapshot::Error::Faults { commit, faults } => Self::Tree { commit, faults },
            other @ (snapshot::Error::Git(_)
            | snapshot::Error::Store(_)
            | snapshot::Error::NoTenant) => Self::of(other),
        }
    }
}

impl From<admin::Error> for Failure {
    fn from(error: admin::Error) -> Self {
        Self::Refused(error.refusal().error)
    }
}

impl From<snapshot::git::Error> for Failure {
    fn from(error: snapshot::git::Error) -> Self {
        admin::Error::from(error).into()
    }
}
