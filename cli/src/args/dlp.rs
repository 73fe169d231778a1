//! The grammar of data loss prevention.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use types::Label;

#[derive(Debug, Subcommand)]
pub(crate) enum Dlp {
    /// Search files for personal data and secrets. Tells kinds and places, never what was matched.
    #[command(after_help = "\
Examples:
  orchestack dlp scan notes.txt
  orchestack dlp scan src --recursive --kinds secret --fail-on restricted
Example, a check before a commit:
  git diff --cached | orchestack dlp scan - --fail-on sensitive

It looks as the server on this machine does that runs, or the one that --admin names; --tree takes a
folder in its place, and without either the defaults do. Exits with 1 where --fail-on is reached or a file
cannot be read.")]
    Scan(Scan),
    /// List the kinds of data that can be found, or write their pages.
    #[command(
        after_help = "Example:\n  orchestack dlp kinds --family secret\n  orchestack dlp kinds --markdown docs/detectors"
    )]
    Kinds(Kinds),
    /// Say what a kind is, or what a text is taken for and why, also what falls short.
    #[command(
        after_help = "Example:\n  orchestack dlp explain iban\n  orchestack dlp explain --text 536221234"
    )]
    Explain(Why),
    /// Write the fingerprints of a document, for `detectors/` of the tree. They do not tell its words.
    #[command(
        after_help = "Example:\n  orchestack dlp fingerprint contract.txt > tree/detectors/contract.fp"
    )]
    Fingerprint {
        /// The document, as text.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Search folders with all that is in them, but not `.git` and not what links lead to.
    #[arg(long, short)]
    pub(crate) recursive: bool,
    /// Look only for these kinds and families.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) kinds: Vec<String>,
    /// Tell only of findings with this label or a higher one.
    #[arg(long, value_name = "LABEL")]
    pub(crate) min_label: Option<Label>,
    /// Exit with 1 where something gives this label or a higher one.
    #[arg(long, value_name = "LABEL")]
    pub(crate) fail_on: Option<Label>,
    /// Show the first and the last two characters of what was found; on a terminal only.
    #[arg(long, conflicts_with = "json")]
    pub(crate) show: bool,
    /// Look with the settings and detectors of a policy tree.
    #[arg(long, value_name = "DIR")]
    pub(crate) tree: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Kinds {
    /// Only those of `personal`, `name`, `health`, `payment` or `secret`.
    #[arg(long)]
    pub(crate) family: Option<::dlp::Family>,
    /// Write a page for each family, and one that lists all, into this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["family", "json"])]
    pub(crate) markdown: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The kind.
    #[arg(required_unless_present = "text", conflicts_with = "text")]
    pub(crate) kind: Option<String>,
    /// A text; `-` is standard input.
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// Look with the settings and detectors of a policy tree.
    #[arg(long, value_name = "DIR")]
    pub(crate) tree: Option<PathBuf>,
}
