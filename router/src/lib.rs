//! Chooses models: which could serve a request, which of them may and can, and in what order.
//!
//! INVARIANT: a [`Plan`] comes only from a [`Shortlist`], to which nothing is added, and every model in it is in the [`policy::Permit`]
//! and allowed by the content's label. All of it is values: health, prices and the clock are
//! arguments, and the same arguments give the same plan.

mod address;
mod candidates;
mod difficulty;
mod filter;
mod health;
mod opinion;
mod plan;
mod rank;
mod registry;
mod retry;
mod shortlist;

pub use candidates::{Candidates, UnknownModel, Variant, candidates};
pub use difficulty::{Difficulty, Sign};
pub use filter::{DropReason, Dropped, Needs, Quote};
pub use health::{Health, HealthTable, Limits, Load, Moment, Outcome, Took};
pub use opinion::{Nonsense, Opinion, PENALTY_MAX};
pub use plan::{ATTEMPTS_MAX, NoRoute, Plan, plan};
pub use rank::{Choice, Score, Standing, Weights};
pub use registry::{Capabilities, Fault, Model, Origin, Provider, Purpose, Registry, Timeouts};
pub use retry::RetryBudget;
pub use shortlist::{Facts, SCORED_MAX, Shortlist, shortlist};
