//! Where commands of agents run: a [`Driver`] for this machine ([`Local`]) and one for Daytona
//! ([`Daytona`]), with the built-in tools as functions on either.
//!
//! A command has a key and runs once: who asks for the same key again gets the command that runs or
//! ran. It runs under a supervisor that outlives whoever started it, and what became of it is on
//! disk. Nothing leaves a sandbox but through a proxy with a list of names. Code that nobody vouches
//! for is refused where isolation is not what it claims to be. Nothing here knows a policy.

mod canary;
mod daytona;
mod driver;
mod egress;
mod error;
mod forward;
mod isolation;
mod local;
mod service;
mod supervise;
pub mod tools;

pub use canary::probe;
pub use daytona::{Daytona, DaytonaOptions};
pub use driver::{
    Allow, Command, Driver, End, Entry, Exit, Handle, Kind, Limits, Name, Outcome, Spec, Status,
    Stream, Swept, Trust,
};
pub use egress::{Decision, Lookup, Observer, Proxy, Refusal, system};
pub use error::Error;
pub use forward::forward;
pub use isolation::{Guard, Isolation, Layer};
pub use local::{Local, Options};
pub use service::{Opener, Service, ServiceOptions, definitions};
pub use supervise::supervise;
