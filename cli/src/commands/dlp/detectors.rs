//! Which settings and detectors look.

use std::path::PathBuf;

use admin::{PolicyFiles, PolicyStatus, tree::Files};
use dlp::Engine;

use crate::{
    args::Global,
    client::{Ask, Client},
    failure::Failure,
    output::Output,
};

/// An engine and where its settings and detectors are from.
pub(super) struct Detectors {
    pub(super) engine: Engine,
    /// `folder DIR`, `commit ID` of a server, or `defaults`.
    pub(super) of: String,
}

/// Those of the named folder, else of the server that runs, else the defaults.
pub(super) async fn find(
    global: &Global,
    tree: Option<PathBuf>,
    output: &Output,
) -> Result<Detectors, Failure> {
    if let Some(dir) = tree {
        let name = dir.display().to_string();
        let files = admin::tree::read_folder(dir).await?;
        return made(&files, format!("folder {name}"), name);
    }
    let client = match Client::running(global).await {
        // In the folder of a tree the file of this name is not about a server.
        Err(Failure::Settings(_)) if global.config.is_none() => {
            output.note("note: ./orchestack.toml has no settings of a server; the defaults look");
            None
        }
        client => client?,
    };
    let Some(client) = client else {
        let engine = Engine::builtin(&dlp::Settings::default());
        return Ok(Detectors { engine, of: "defaults".to_owned() });
    };
    let status: PolicyStatus = client.ask(Ask::get(&["policy"])).await?;
    let files = fetched(&client, &status.commit).await?;
    made(&files, format!("commit {}", status.commit), status.commit)
}

/// The files of a commit that have a say in what is found.
async fn fetched(client: &Client, commit: &str) -> Result<Files, Failure> {
    let ask = || Ask::get(&["policy", "files"]).with("commit", Some(commit));
    let list: PolicyFiles = client.ask(ask()).await?;
    let mut files = Files::new();
    for path in list.paths.into_iter().filter(|path| snapshot::is_of_detectors(path)) {
        let file: PolicyFiles = client.ask(ask().with("path", Some(&path))).await?;
        files.insert(path, file.text.unwrap_or_default().into_bytes());
    }
    Ok(files)
}

fn made(files: &Files, of: String, commit: String) -> Result<Detectors, Failure> {
    let made = snapshot::detectors(files).map_err(|faults| Failure::Tree { commit, faults });
    Ok(Detectors { engine: made?, of })
}
