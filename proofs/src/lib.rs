//! What holds for every request: claims about policies, proved or refuted by an SMT solver.
//!
//! A decision answers for one request; a claim answers for all that the schema allows. Only a
//! solver's own "unsatisfiable" makes a [`Verdict::Proved`], and only a request that Cedar itself
//! has evaluated and found to break the claim makes a [`Verdict::Refuted`]. Whatever goes wrong on
//! the way, a missing solver, one that hangs or prints nonsense, is a [`Verdict::Unknown`] with its
//! reason: nothing here fails open. This is the only crate that starts the solver, and no request
//! waits for it.

mod bound;
mod cache;
mod claim;
mod diff;
mod example;
mod formula;
mod part;
mod plan;
mod prover;
mod question;
mod solver;
mod work;

pub use claim::{Claim, Envs, Outcome, Verdict, What};
pub use diff::{Change, Difference};
pub use example::{Example, Unreadable};
pub use prover::{Options, Prover};
pub use solver::Error;
