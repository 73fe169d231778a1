//! The service of sandboxes, and the processes that they are made of.

use std::{io::Write, process::ExitCode};

use crate::{
    args::{Global, Sandbox},
    failure::Failure,
    output::Output,
    serve,
};

pub(crate) async fn run(
    command: Sandbox,
    global: &Global,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Sandbox::Serve => Box::pin(serve::sandboxes::run(global, output)).await,
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
