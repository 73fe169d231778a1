//! The grammar of tools.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Tool {
    /// List tools: those of the tree, and those that servers gave besides.
    #[command(after_help = "Example:\n  orchestack tool list --server mail")]
    List {
        /// Only those of this server.
        #[arg(long)]
        server: Option<String>,
    },
    /// Show one tool, with every definition of it that is known.
    #[command(after_help = "Example:\n  orchestack tool show mail.send")]
    Show {
        /// The tool: its server's name, a dot, its own.
        tool: String,
    },
    /// Ask a server what its tools are and write it into the tree, where a commit pins it.
    ///
    /// The server is started or called from here, as its file in the tree says, with the secrets of this
    /// shell.
    #[command(after_help = "Example:\n  orchestack tool pin mail --tree ./tree")]
    Pin {
        /// The server: the name of its file in `tools/`.
        server: String,
        /// The policy tree.
        #[arg(long, value_name = "DIR", default_value = "tree")]
        tree: PathBuf,
        /// Prints the definitions and writes nothing.
        #[arg(long)]
        print: bool,
    },
    /// Say what differs from what is pinned or approved: in what gateways saw, or in what the server gives now.
    ///
    /// Exit code 1 where something does.
    #[command(after_help = "\
Examples:
  orchestack tool diff mail                # what gateways saw
  orchestack tool diff mail --tree ./tree  # asks the server now, and compares with the tree's files")]
    Diff {
        /// The server.
        server: String,
        /// Asks the server itself, as the tree in this folder says.
        #[arg(long, value_name = "DIR")]
        tree: Option<PathBuf>,
    },
    /// Let a definition be called that the tree does not pin.
    #[command(
        after_help = "Example:\n  orchestack tool approve mail.send --reason the-new-field-is-a-footer"
    )]
    Approve(Decide),
    /// Keep a definition from being called, even if the tree pins it.
    #[command(
        after_help = "Example:\n  orchestack tool reject mail.send --reason it-asks-for-passwords"
    )]
    Reject(Decide),
    /// List what a person should know of definitions: hidden text, orders to the model, names taken for others.
    #[command(after_help = "Example:\n  orchestack tool flags")]
    Flags,
    /// Check the tool servers of a folder, and what their definitions say.
    #[command(after_help = "Example:\n  orchestack tool check ./tree")]
    Check {
        /// The policy tree.
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// The tool: its server's name, a dot, its own.
    pub(crate) tool: String,
    /// The hash of the definition, or how it begins; the one that waits where absent.
    #[arg(long)]
    pub(crate) hash: Option<String>,
    /// Why; at least ten characters. It stays on record.
    #[arg(long)]
    pub(crate) reason: String,
}
