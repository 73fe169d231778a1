//! `orchestack policy diff`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use admin::{DiffQuestion, DifferenceView, LayerView, PolicyDiff, ReplayView, Side, tree::Files};
use snapshot::git::Repository;

use super::folder;
use crate::{
    args::{Diff, Global},
    client::{self, Ask, Client},
    failure::Failure,
    output::Output,
};

/// The tenant of every tree, by name.
const TENANT: &str = "default";

pub(super) async fn run(global: &Global, ask: Diff, output: &Output) -> Result<ExitCode, Failure> {
    let named = [ask.before.as_deref(), ask.after.as_deref()];
    let found = match named.into_iter().flatten().find(|name| is_folder(name)) {
        Some(of) => here(global, &ask, Path::new(of)).await?,
        None => {
            let body = DiffQuestion {
                before: ask.before.clone(),
                after: ask.after.clone(),
                replay: ask.replay,
                ..DiffQuestion::default()
            };
            let client = Client::connect(global).await?;
            client.tell(Ask::post(&["policy", "diff"]), &body).await?
        }
    };
    output.show(&found, told);
    let refused = ask.deny_wider && found.widens;
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What looks like a path and is a folder. A branch may have the name of a folder by chance; written
/// with a slash in front or a dot, it is meant as one.
fn is_folder(name: &str) -> bool {
    Path::new(name).is_dir()
}

/// Compares folders, and revisions of the repository that the folder is in, without a server.
async fn here(global: &Global, ask: &Diff, of: &Path) -> Result<PolicyDiff, Failure> {
    if ask.replay.is_some() {
        let fix = "commit the change to a branch of the server's tree, then name the branch";
        return Err(Failure::usage(
            "recorded decisions are the server's, and folders are not",
            fix,
        ));
    }
    let repository = Repository::at(of);
    let before = side(&repository, ask.before.as_deref().unwrap_or("HEAD")).await?;
    let after = match ask.after.as_deref() {
        Some(named) => side(&repository, named).await?,
        None => read(folder(of.to_owned()).await?)?,
    };
    let prover = snapshot::prover(&client::settings(global)?);
    Ok(admin::compare(&prover, &[before, after], TENANT).await)
}

async fn side(repository: &Repository, named: &str) -> Result<Side, Failure> {
    if is_folder(named) {
        return read(folder(PathBuf::from(named)).await?);
    }
    let commit = repository.resolve(named).await?;
    let files = repository.files(&commit).await?;
    read((commit, files))
}

fn read((name, files): (String, Files)) -> Result<Side, Failure> {
    let engine = snapshot::untested(&name, &files);
    let engine = engine.map_err(|faults| Failure::Tree { commit: name.clone(), faults })?;
    Ok((name, engine.into()))
}

fn told(diff: &PolicyDiff) -> String {
    let mut text = format!("from {} to {}\n", diff.before, diff.after);
    text.extend(diff.layers.iter().map(layer));
    if diff.layers.is_empty() {
        text.push_str("the policies decide every possible request alike\n");
    }
    if let Some(replay) = &diff.replay {
        text.push_str(&replayed(replay));
    }
    let end = if diff.widens {
        "more may be permitted than before"
    } else {
        "nothing is newly permitted"
    };
    text.push_str(end);
    text
}

fn layer(layer: &LayerView) -> String {
    let mut text = format!("\n{}\n", layer.layer);
    for (word, differences) in [("PERMITS", &layer.permits), ("denies", &layer.denies)] {
        text.extend(differences.iter().map(|one| difference(word, one)));
    }
    for why in &layer.unknown {
        text.push_str(&format!("  UNKNOWN  {why}\n"));
    }
    text
}

fn difference(word: &str, one: &DifferenceView) -> String {
    let how = one.how.as_ref().map_or_else(String::new, |how| format!(" {how}"));
    let mut text = format!("  newly {word} {}{how}, for example\n", one.about);
    for line in one.shown.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

fn replayed(replay: &ReplayView) -> String {
    let mut text = format!(
        "\n{} recorded decisions asked again: {} calls newly permitted, {} newly denied, {} under \
         other obligations\n",
        replay.replayed, replay.permits, replay.denies, replay.obliges
    );
    if replay.skipped > 0 {
        text.push_str(&format!("  {} records do not say enough to ask again\n", replay.skipped));
    }
    for one in &replay.told {
        text.push_str(&format!(
            "  {} {} on {}: {}, then {}\n",
            one.request, one.agent, one.model, one.before, one.after
        ));
    }
    text
}
