//! The grammar of tasks, of what was given up, and of effects that nobody knows about.

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// List tasks, newest first.
    #[command(after_help = "Example:\n  orchestack task list --state waiting")]
    List {
        /// Only those that stand there, such as `running`, `waiting` or `dead`.
        #[arg(long)]
        state: Option<String>,
        /// Only of this agent.
        #[arg(long)]
        agent: Option<String>,
        /// Only of this session.
        #[arg(long)]
        session: Option<String>,
        /// How many; at most 1000.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Show one task, how far its run is, and each of its steps.
    #[command(after_help = "Example:\n  orchestack task show tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Show {
        /// Its id.
        id: String,
    },
    /// Stop a task with everything that it asked for.
    #[command(after_help = "\
Example:
  orchestack task cancel tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV --reason it-was-a-mistake")]
    Cancel {
        /// Its id.
        id: String,
        /// Why. It stays on record, and the conversation is told.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Have a task tried again that failed, was given up, or waits for exactly that.
    #[command(after_help = "Example:\n  orchestack task retry tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Retry {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetter {
    /// List what was given up and what nobody has resolved.
    #[command(after_help = "Example:\n  orchestack deadletter list")]
    List {
        /// Also what somebody has resolved.
        #[arg(long)]
        all: bool,
        /// How many; at most 1000.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Show one.
    #[command(after_help = "Example:\n  orchestack deadletter show dlt_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Show {
        /// Its id.
        id: String,
    },
    /// Have it tried again: a task goes on with its journal, an event is published anew.
    #[command(
        after_help = "Example:\n  orchestack deadletter retry dlt_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    )]
    Retry {
        /// Its id.
        id: String,
    },
    /// Put it away. Its task stays dead.
    #[command(
        after_help = "Example:\n  orchestack deadletter discard dlt_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    )]
    Discard {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Effect {
    /// List effects that nobody knows about: whether they happened, a person must say.
    #[command(after_help = "Example:\n  orchestack effect list")]
    List {
        /// How many; at most 1000.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Say what became of an effect. The first word counts.
    #[command(after_help = "Example:\n  orchestack effect resolve KEY happened")]
    Resolve {
        /// Its key, as the list shows it.
        key: String,
        /// What became of it.
        resolution: Resolution,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Resolution {
    /// It happened: the run goes on behind it.
    Happened,
    /// It did not happen, and may: the run does it again.
    Retry,
    /// It must not happen any more: the task fails.
    Abort,
}

impl Resolution {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Happened => "happened",
            Self::Retry => "retry",
            Self::Abort => "abort",
        }
    }
}
