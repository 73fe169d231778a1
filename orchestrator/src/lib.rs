//! The work of agents, from a message to its answer: what was accepted becomes a task, policy is asked, the task
//! gets its place among what runs, and a worker does it step by step, each of which is written down before and
//! after.
//!
//! Four services do it: [`Scheduler`], [`Evaluator`], [`Dispatcher`] and [`Runner`]; the [`Timetable`] begins what
//! nobody wrote. SQL is the truth. Any number of each may run, in one process or in many, and none knows which.
//!
//! INVARIANT: an agent's models and tools are the gateway's. A run has a capability grant and the gateway's
//! address, and no other way out.

mod dispatcher;
mod error;
mod escaped;
mod evaluator;
mod grant;
mod metrics;
mod models;
mod outlet;
mod parts;
mod people;
mod run;
mod runner;
mod scheduler;
mod terms;
mod timetable;
mod toolbox;
mod watch;

pub use dispatcher::Dispatcher;
pub use error::Error;
pub use evaluator::Evaluator;
pub use parts::{Options, Parts};
pub use runner::Runner;
pub use scheduler::Scheduler;
pub use timetable::Timetable;
