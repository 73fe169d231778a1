//! Everything that a request is decided by, loaded as one immutable value: policies, registry,
//! prices, agents, keys. A request takes one [`Snapshot`] and uses it from start to end.
//!
//! INVARIANT: a snapshot is of one commit as a whole. A commit that does not load leaves the last
//! good one in force, and [`Snapshots::status`] says why.

mod agent;
mod assemble;
mod credentials;
mod detectors;
mod diff;
pub mod git;
pub mod grants;
pub mod keys;
mod limits;
mod policies;
mod prove;
mod registration;
mod replay;
mod scorer;
mod snapshots;
mod spenders;
mod tools;
mod written;

pub use agent::{Agent, Cap};
pub use assemble::{Extra, Report, Rows, Snapshot, check};
pub use detectors::{detectors, is_of_detectors};
pub use diff::{Diff, Difference, LayerDiff, diff};
pub use limits::{Limit, LimitKind};
pub use policies::{engine, families, kinds, untested};
pub use proofs::Prover;
pub use prove::{Proof, prove};
pub use registration::{ModelSpec, PriceSpec, ProviderSpec, SpecError};
pub use replay::{Recorded, Replay, Told};
pub use scorer::Scorer;
pub use snapshots::{Error, Snapshots, Sources, Status, prover};
pub use tools::{Pinned, Tool, ToolServer, Tools, reads};
