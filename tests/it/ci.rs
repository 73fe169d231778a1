//! What `deploy/ci` runs in a pull request is there.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use support::binary;

/// The lines of a file that run the program, without what YAML puts before.
fn commands(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    assert!(!text.contains('\t'), "{}: a tab is no YAML", file.display());
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let line = |line: &str| {
        let (_, command) = line.split_once("orchestack policy ")?;
        Some(format!("policy {}", command.trim()))
    };
    code.filter_map(line).collect()
}

/// Whether the program has a command, and every option that it is given.
fn exists(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let (options, names): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.starts_with("--"));
    let output = Command::new(binary("orchestack")).args(&names[..2]).arg("--help").output();
    let output = output.unwrap();
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(format!("there is no `orchestack {}`", names[..2].join(" ")));
    }
    let missing = options.iter().find(|option| !help.contains(**option));
    missing.map_or(Ok(()), |option| Err(format!("`{command}`: no `{option}` in\n{help}")))
}

#[test]
fn every_command_of_the_snippets_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/ci");
    for name in ["github-actions.yml", "gitlab-ci.yml", "tekton.yaml"] {
        let commands = commands(&folder.join(name));
        let verbs: BTreeSet<&str> =
            commands.iter().filter_map(|command| command.split_whitespace().nth(1)).collect();
        assert_eq!(verbs, BTreeSet::from(["check", "diff", "test"]), "{name}");
        for command in &commands {
            exists(command).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn a_command_or_an_option_that_is_not_there_is_told() {
    assert_eq!(exists("policy check --json tree"), Ok(()));
    assert!(exists("policy fly tree").is_err());
    assert!(exists("policy check --upside-down tree").is_err());
}
