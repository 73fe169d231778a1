//! What a driver starts in these tests: the commands of `orchestack sandbox`, and nothing else.

use std::{path::Path, process::ExitCode};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["sandbox", "supervise", dir] => match Box::pin(sandbox::supervise(Path::new(dir))).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        ["sandbox", "forward", "--", argv @ ..] => {
            let argv: Vec<String> = argv.iter().map(|&word| word.to_owned()).collect();
            sandbox::forward(&argv).await.into()
        }
        ["sandbox", "probe", port] => {
            use std::io::Write;
            let found = sandbox::probe(port.parse().unwrap_or(0));
            let written = std::io::stdout().write_all(found.as_bytes());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ => ExitCode::from(2),
    }
}
