//! Durable work: from a message to the end of the task that it became. SQL is the truth; the bus only
//! wakes.
//!
//! Every function is one transaction with its events. Whoever works on a run holds a [`Claim`]: what it
//! writes carries the claim's epoch, and nothing is written for one that somebody else has raised.

mod accept;
mod claim;
mod dead;
mod decide;
mod dispatch;
mod effect;
mod error;
mod figures;
mod finish;
mod grant;
mod list;
mod moved;
mod origin;
mod park;
mod reap;
mod recover;
mod resolve;
mod retry;
mod schedule;
mod session;
mod spawn;
mod step;
mod stop;
mod task;
mod transcript;
mod tx;

use std::{future::Future, sync::Arc, time::Duration};

pub use self::{
    accept::{Accepted, NewMessage},
    claim::{Claim, Usage},
    dead::{DeadLetter, Verdict},
    decide::Terms,
    dispatch::Quotas,
    effect::{Effect, NewEffect},
    error::Error,
    figures::Standing,
    finish::{Outcome, Until},
    list::{Filter, Run},
    moved::Moved,
    origin::{Origin, Parent},
    reap::Reaped,
    recover::Recovery,
    resolve::{Resolution, Unknown},
    session::Session,
    spawn::{NewTask, Occurred},
    step::{Begun, End, NewStep, Step, StepEnd},
    task::Task,
    transcript::{Event, NewEvent},
};
use crate::store::Inner;

/// The bounds of durable work.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// How many messages of a session may wait for their turn.
    pub waiting_max: u32,
    /// How often a step is begun: at the last one its task is parked, and people are asked.
    pub step_attempts_max: u32,
    /// How many workers may lose a run without a step forward before it is given up.
    pub losses_max: u32,
    /// How often a task is tried before it is given up.
    pub task_attempts_max: u32,
    /// The wait before a task is tried again, doubled each time.
    pub backoff: Duration,
    /// The most of it.
    pub backoff_max: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            waiting_max: 1000,
            step_attempts_max: 3,
            losses_max: 5,
            task_attempts_max: 5,
            backoff: Duration::from_secs(1),
            backoff_max: Duration::from_secs(5 * 60),
        }
    }
}

/// The tables of durable work.
#[derive(Clone)]
pub struct Work {
    pub(crate) inner: Arc<Inner>,
}

impl Work {
    /// Waits until anything of this changed through this store. It hears everything from this call on, so
    /// call it, then look, then await it. What another process changes does not ring here but at a
    /// [`Bell`](crate::Bell), and whoever waits also looks every now and then.
    pub fn changed(&self) -> impl Future<Output = ()> + Send + '_ {
        self.inner.worked.notified()
    }
}
