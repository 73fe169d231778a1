//! The grammar of services that are processes of their own.

use clap::Subcommand;

use crate::serve::Service;

/// One service of `serve`, over Postgres and NATS. Any number of each may run.
#[derive(Debug, Subcommand)]
pub(crate) enum Alone {
    /// Start a gateway alone: the data plane for models and tools.
    #[command(after_help = "Example:\n  orchestack gateway --config orchestack.toml")]
    Gateway,
    /// Start the admin API alone; alerts go to the webhook from here.
    #[command(after_help = "Example:\n  orchestack admin --config orchestack.toml")]
    Admin,
    /// Start a Session Scheduler alone: messages become tasks.
    #[command(after_help = "Example:\n  orchestack scheduler --config orchestack.toml")]
    Scheduler,
    /// Start a Policy Evaluator alone: policy is asked about each task.
    #[command(after_help = "Example:\n  orchestack evaluator --config orchestack.toml")]
    Evaluator,
    /// Start a Task Dispatcher alone: permitted tasks get their place among what runs.
    #[command(after_help = "Example:\n  orchestack dispatcher --config orchestack.toml")]
    Dispatcher,
    /// Start a timetable alone: schedules begin their tasks.
    #[command(after_help = "Example:\n  orchestack timetable --config orchestack.toml")]
    Timetable,
    /// Start a Loop Runner alone: it does runs with the models and tools of `work.gateway`.
    #[command(after_help = "\
Example:
  ORCHESTACK_WORK__GATEWAY=https://gateway.example.com orchestack runner --config orchestack.toml")]
    Runner,
    /// Start a connector alone: a way for people to write to agents.
    #[command(subcommand, after_help = "Example:\n  orchestack connector webchat")]
    Connector(Connector),
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Connector {
    /// The webchat, with or without `webchat.enabled`.
    #[command(after_help = "Example:\n  orchestack connector webchat --config orchestack.toml")]
    Webchat,
}

impl Alone {
    /// The service.
    pub(crate) const fn service(&self) -> Service {
        match self {
            Self::Gateway => Service::Gateway,
            Self::Admin => Service::Admin,
            Self::Scheduler => Service::Scheduler,
            Self::Evaluator => Service::Evaluator,
            Self::Dispatcher => Service::Dispatcher,
            Self::Timetable => Service::Timetable,
            Self::Runner => Service::Runner,
            Self::Connector(Connector::Webchat) => Service::Webchat,
        }
    }
}
