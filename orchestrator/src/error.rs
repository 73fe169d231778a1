//! Why a service could not go on.

/// Why a service could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tables of work could not be read or written.
    #[error(transparent)]
    Work(#[from] store::work::Error),
    /// The database could not be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A grant could not be signed.
    #[error("the grant of a run cannot be signed: {0}")]
    Grant(#[from] snapshot::grants::TooLong),
    /// What is kept of a step cannot be read.
    #[error("step {step} of the run {run} has an output that this version cannot read")]
    Journal {
        /// The run.
        run: types::RunId,
        /// The step's number.
        step: u32,
    },
    /// An HTTP client could not be made.
    #[error("no HTTP client can be made: {0}")]
    Http(String),
}
