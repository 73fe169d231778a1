//! `orchestack init`: commented settings and a starter tree.

use std::{path::Path, process::ExitCode};

use config::Settings;
use serde_json::json;
use snapshot::git::Repository;

use crate::{failure::Failure, output::Output};

pub(super) async fn run(dir: &Path, output: &Output) -> Result<ExitCode, Failure> {
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::Failed(format!("cannot write `{}`: {error}", path.display()))
    };
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let settings = dir.join("orchestack.toml");
    let tree = dir.join("tree");
    for path in [&settings, &tree] {
        if path.exists() {
            let message = format!("`{}` exists already", path.display());
            return Err(Failure::usage(message, "name an empty folder, or remove it first"));
        }
    }
    let text = text();
    std::fs::write(&settings, text).map_err(|error| failed(&settings, &error))?;
    admin::first::tree(&Repository::at(&tree)).await?;
    let made = json!({
        "settings": settings.display().to_string(), "tree": tree.display().to_string(),
    });
    output.show(&made, |_| {
        format!(
            "{}  settings, every key with its default\n{}  policy tree, a git repository\n\n\
             start it: cd {} && orchestack serve",
            settings.display(),
            tree.display(),
            dir.display()
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// The annotated defaults, with the tree beside the settings.
fn text() -> String {
    Settings::annotated().replacen("# tree = \"./tree\"", "tree = \"./tree\"", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_settings_are_the_defaults_but_for_the_tree() {
        let settings = Settings::parse("orchestack.toml", &text(), std::iter::empty()).unwrap();
        assert_eq!(settings.tree(), Path::new("./tree"));
        let mut defaults = Settings::default();
        defaults.policy.tree = settings.policy.tree.clone();
        assert_eq!(settings, defaults);
    }
}
