//! The service of sandboxes, and the words of the processes that they are made of.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    /// Run sandboxes for gateways elsewhere, until a signal. `orchestack serve` does so itself.
    #[command(after_help = "Example:\n  orchestack sandbox serve --config orchestack.toml")]
    Serve,
    /// Run the command of a folder, and write down how it ended.
    #[command(
        hide = true,
        after_help = "Example:\n  orchestack sandbox supervise ./boxes/one/runs/0a1b"
    )]
    Supervise {
        /// The folder, with its `run.json`.
        dir: PathBuf,
    },
    /// Lead programs to the proxy of their sandbox, and run one.
    #[command(hide = true, after_help = "Example:\n  orchestack sandbox forward -- true")]
    Forward {
        /// The program and its arguments.
        #[arg(last = true, required = true)]
        argv: Vec<String>,
    },
    /// Look around within a sandbox, and print what is found.
    #[command(hide = true, after_help = "Example:\n  orchestack sandbox probe 8080")]
    Probe {
        /// The port of a listener outside that must not answer.
        listener: u16,
    },
}
