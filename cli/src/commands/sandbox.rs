//! The processes that sandboxes are made of.

use std::{io::Write, process::ExitCode};

use crate::{args::Sandbox, failure::Failure};

pub(crate) async fn run(command: Sandbox) -> Result<ExitCode, Failure> {
    match command {
        Sandbox::Supervise { dir } => {
            sandbox::supervise(&dir).await.map_err(Failure::of)?;
            Ok(ExitCode::SUCCESS)
        }
        Sandbox::Forward { argv } => Ok(sandbox::forward(&argv).await.into()),
        Sandbox::Probe { listener } => {
            let found = sandbox::probe(listener);
            std::io::stdout().write_all(found.as_bytes()).map_err(Failure::of)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
