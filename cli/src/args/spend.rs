//! The grammar of reports and prices.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Spend {
    /// One line for each `provider`, `model`, `agent`, `user`, `key`, `tenant` or `day`.
    #[arg(long, default_value = "model")]
    pub(crate) by: String,
    /// From this day or the hour of this instant on; the last 30 days where absent.
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<String>,
    /// Up to and without this day, or the hour after this instant; today included where absent.
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, conflicts_with = "chart")]
    pub(crate) format: Option<Format>,
    /// Draw a bar for each line in place of the table.
    #[arg(long)]
    pub(crate) chart: bool,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For spreadsheets, with every figure.
    Csv,
    /// For machines, as with --json.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Prices {
    /// List what every model costs now, in US dollars per million tokens.
    #[command(after_help = "Example:\n  orchestack prices list")]
    List,
    /// List models without a price, which cannot be called; exits with 1 where there is one.
    #[command(after_help = "Example:\n  orchestack prices check")]
    Check,
}
