//! The simulator as a program, for scripts and benches.
//!
//! `simulator [--listen ADDR] [--bill FILE] [--key KEY]... [--keep-bodies] [--body-max BYTES]`
//! prints `{"addr":"127.0.0.1:NNN"}` when it listens and runs until it is interrupted.

use std::io::Write as _;

use simulator::{Simulator, SimulatorOptions};

const USAGE: &str = "usage: simulator [--listen ADDR] [--bill FILE] [--key KEY]... \
     [--keep-bodies] [--body-max BYTES]";

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "simulator: {error}");
            std::process::ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::start(options(std::env::args().skip(1))?).await?;
    writeln!(std::io::stdout(), r#"{{"addr":"{}"}}"#, simulator.addr())?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    simulator.shutdown().await;
    Ok(())
}

fn options(mut words: impl Iterator<Item = String>) -> Result<SimulatorOptions, String> {
    let mut options = SimulatorOptions::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value; {USAGE}"));
        match word.as_str() {
            "--listen" => {
                let text = value()?;
                let wrong = |_| format!("`{text}` is not an address such as 127.0.0.1:9100");
                options.listen = text.parse().map_err(wrong)?;
            }
            "--bill" => options.bill = Some(value()?.into()),
            "--key" => options.api_keys.push(value()?),
            "--keep-bodies" => options.keep_bodies = true,
            "--body-max" => {
                let text = value()?;
                let wrong = |_| format!("`{text}` is not a number of bytes");
                options.body_bytes_max = text.parse().map_err(wrong)?;
            }
            _ => return Err(format!("`{word}` is unknown; {USAGE}")),
        }
    }
    Ok(options)
}
