//! The grammar of budgets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::seconds;

#[derive(Debug, Subcommand)]
pub(crate) enum Budget {
    /// Show caps, what is spent and what is left.
    #[command(
        after_help = "Example:\n  orchestack budget show\n  orchestack budget show --scope session"
    )]
    Show {
        /// Only of this scope; `session`, `task` and `grant` are shown only where they are named.
        #[arg(long)]
        scope: Option<String>,
    },
    /// Set a cap, at once and for every later window.
    #[command(after_help = "\
Example:
  orchestack budget set default 5.00 --period day
  orchestack budget set default 5.00 --rollover 2.00
  orchestack budget set default 100 --scope tenant --period month")]
    Set(SetCap),
    /// Raise a cap by an amount.
    #[command(after_help = "\
Example:
  orchestack budget raise default 2.00
  orchestack budget raise default 2.00 --until 2027-01-01")]
    Raise(Raise),
    /// Compare a provider's usage export with the ledger; with --apply, book what explains it.
    #[command(after_help = "\
Example:
  orchestack budget reconcile completions_usage_2026-11-01_2026-11-30.csv
  orchestack budget reconcile usage.json --provider anthropic --apply
  orchestack budget reconcile claude_api_tokens.csv --bucket 1h --json

Without --apply nothing is changed. What the calls do not explain is told and never booked. An export
that was booked before books nothing twice, and one with other buckets of that time nothing.")]
    Reconcile(Reconcile),
}

#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// OpenAI's completions usage or Anthropic's messages usage, as JSON of their API or as the CSV
    /// export of their console; `-` reads standard input.
    pub(crate) file: PathBuf,
    /// The provider that it is of; needed where several speak the same format.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// How long the buckets of Anthropic's CSV export are where it has times of day: `1h` or `1m`.
    #[arg(long, value_name = "WIDTH")]
    pub(crate) bucket: Option<String>,
    /// Leave out buckets that ended less than so long ago, as the provider may not have counted all.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub(crate) complete_after: u32,
    /// How near to a bucket's edge a call may be billed on its other side: clocks differ, and a call that
    /// was left ends later for the provider. Credit nothing that such calls explain.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = seconds)]
    pub(crate) edge: u32,
    /// Book the credits and charges.
    #[arg(long)]
    pub(crate) apply: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetCap {
    #[command(flatten)]
    pub(crate) cap: Cap,
    /// Refuse nothing when it is reached: the cap is only shown.
    #[arg(long)]
    pub(crate) soft: bool,
    /// US dollars: the most that a day, week or month gets of what the one before did not use; `none` for
    /// nothing. As it was where absent.
    #[arg(long, value_name = "USD")]
    pub(crate) rollover: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Raise {
    #[command(flatten)]
    pub(crate) cap: Cap,
    /// The day or instant at which the raise ends; for good where absent.
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Cap {
    /// The agent's or person's name, or the id of whatever else it is a cap of.
    pub(crate) name: String,
    /// US dollars; `none` lifts the cap.
    pub(crate) amount: String,
    /// `request`, `day`, `week`, `month` or `total`.
    #[arg(long, default_value = "day")]
    pub(crate) period: String,
    /// `agent`, `tenant`, `user`, `key`, `session`, `task`, `model` or `provider`.
    #[arg(long, default_value = "agent")]
    pub(crate) scope: String,
}
