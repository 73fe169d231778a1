//! The first program within a sandbox: it listens where programs look for a proxy, leads every
//! connection to the socket that the real one listens at, and runs the command.

use std::{io, os::unix::process::ExitStatusExt, path::Path, process::ExitStatus};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixStream},
    sync::oneshot,
};

use crate::local::{EGRESS, PROXY, landlock};

/// Connections at the same time. More wait.
const CONNECTIONS_MAX: usize = 64;

/// Runs a command beside a way to the proxy; the status that it ended with, as a shell would say it.
pub async fn forward(argv: &[String]) -> u8 {
    let address = PROXY.trim_start_matches("http://");
    match TcpListener::bind(address).await {
        Ok(listener) => drop(tokio::spawn(listen(listener))),
        Err(error) => complain(&format!("no way out: cannot listen at {address}: {error}")),
    }
    let Some((program, arguments)) = argv.split_first() else {
        complain("no command was given");
        return 2;
    };
    match run(program.clone(), arguments.to_vec()).await {
        Ok(status) => {
            let by_signal = status.signal().map(|signal| 128 + signal);
            u8::try_from(status.code().or(by_signal).unwrap_or(1)).unwrap_or(1)
        }
        Err(error) => {
            complain(&format!("cannot run `{program}`: {error}"));
            127
        }
    }
}

/// Runs a program by rules that we do not take on ourselves: they bind the thread that asks for them
/// and what it starts. So the program has no way to us, who are its way out.
async fn run(program: String, arguments: Vec<String>) -> io::Result<ExitStatus> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().spawn(move || {
        let ended = landlock::enter()
            .map_err(io::Error::other)
            .and_then(|_| std::process::Command::new(program).args(arguments).status());
        tell.send(ended)
    })?;
    told.await.unwrap_or_else(|_| Err(io::Error::other("nobody says how it ended")))
}

async fn listen(listener: TcpListener) {
    let room = std::sync::Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = std::sync::Arc::clone(&room).acquire_owned().await else { return };
        let Ok((from, _)) = listener.accept().await else { continue };
        tokio::spawn(async move {
            lead(from).await;
            drop(permit);
        });
    }
}

/// A connection that fails is closed: its program sees that.
async fn lead(mut from: TcpStream) {
    if let Ok(mut to) = UnixStream::connect(Path::new(EGRESS)).await {
        let _ = copy_bidirectional(&mut from, &mut to).await;
    }
}

/// Says something to whoever reads what the command complains about.
fn complain(what: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "sandbox: {what}");
}
