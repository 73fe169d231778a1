//! One function a command: ask the admin API, show the answer.

mod agent;
mod approval;
mod audit;
mod break_glass;
mod budget;
mod dlp;
mod doctor;
mod explain;
mod grant;
mod import;
mod init;
mod key;
mod model;
mod person;
mod policy;
mod prices;
mod provider;
mod sandbox;
mod session;
mod spend;
mod tool;
mod work;

use std::process::ExitCode;

use crate::{
    args::{Cli, Command},
    client::Client,
    failure::Failure,
    output::Output,
    serve,
};

/// Does what the command says.
pub(crate) async fn run(cli: Cli, output: &Output) -> Result<ExitCode, Failure> {
    let global = &cli.global;
    let connect = || Client::connect(global);
    match cli.command {
        Command::Serve => serve::run(global, None, output).await,
        Command::Alone(service) => serve::run(global, Some(service.service()), output).await,
        Command::Init { dir } => init::run(&dir, output).await,
        Command::Import(command) => import::run(command, output),
        Command::Agent(command) => agent::run(&connect().await?, command, output).await,
        Command::Key(command) => key::run(&connect().await?, command, output).await,
        Command::Model(command) => model::run((global, &connect().await?), command, output).await,
        Command::Provider(command) => provider::run(&connect().await?, command, output).await,
        Command::Tool(command) => tool::run(global, command, output).await,
        Command::Policy(command) => policy::run(global, command, output).await,
        Command::Dlp(command) => dlp::run(global, command, output).await,
        Command::Approval(command) => approval::run(&connect().await?, command, output).await,
        Command::BreakGlass(command) => break_glass::run(&connect().await?, command, output).await,
        Command::Person(command) => person::run(&connect().await?, command, output).await,
        Command::Task(command) => work::task(&connect().await?, command, output).await,
        Command::DeadLetter(command) => work::dead_letter(&connect().await?, command, output).await,
        Command::Effect(command) => work::effect(&connect().await?, command, output).await,
        Command::Session(command) => session::run(&connect().await?, command, output).await,
        Command::Grant(command) => grant::run(&connect().await?, command, output).await,
        Command::Spend(ask) => spend::run(&connect().await?, ask, output).await,
        Command::Prices(command) => prices::run(&connect().await?, command, output).await,
        Command::Budget(command) => budget::run(&connect().await?, command, output).await,
        Command::Audit(command) => audit::run(&connect().await?, command, output).await,
        Command::Explain { request } => explain::run(&connect().await?, request, output).await,
        Command::Sandbox(command) => sandbox::run(command, global, output).await,
        Command::Doctor => doctor::run(global, &connect().await?, output).await,
    }
}

/// The day and the second of an instant in UTC.
fn short(instant: &str) -> String {
    let seconds: String = instant.chars().take(19).collect();
    seconds.replace('T', " ")
}

/// A text, or a dash where there is none.
fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned()
}
