//! The `orchestack` binary: reads the command, composes what it needs, and tells how it went.
//!
//! Exit codes: 0 done, 1 failed, 2 the command or the settings are wrong.

mod args;
mod broker;
mod chart;
mod client;
mod commands;
mod failure;
mod import;
mod objects;
mod output;
mod serve;
mod state;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Cli, Command, Sandbox},
    failure::Failure,
    output::Output,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One provider of cryptography in the whole binary. Nobody can have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let output = Output::new(cli.global.json);
    // Threads of a sandbox's processes count towards what it may have.
    let mut threads = match cli.command {
        Command::Sandbox(Sandbox::Serve) => tokio::runtime::Builder::new_multi_thread(),
        Command::Sandbox(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match threads.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return output.failure(&Failure::Failed(format!("cannot start threads: {error}")));
        }
    };
    match runtime.block_on(Box::pin(commands::run(cli, &output))) {
        Ok(code) => code,
        Err(failure) => output.failure(&failure),
    }
}
