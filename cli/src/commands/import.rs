//! `orchestack import`: another gateway's configuration as files of the tree.

use std::{path::Path, process::ExitCode};

use crate::{
    args::Import,
    failure::Failure,
    import::{Imported, Left, litellm},
    output::{Output, table},
};

/// The largest configuration that is read.
const FILE_BYTES_MAX: u64 = 4 << 20;

pub(super) fn run(command: Import, output: &Output) -> Result<ExitCode, Failure> {
    let Import::Litellm { file, tree } = command;
    let text = read(&file)?;
    let made = litellm::import(&text).map_err(|unreadable| {
        Failure::usage(
            format!("`{}` cannot be imported: {unreadable}", file.display()),
            "name a configuration file of LiteLLM's proxy",
        )
    })?;
    write(&made, &tree)?;
    output.show(&made, |made| told(made, &tree));
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::Failed(format!("cannot read `{}`: {error}", file.display()));
    let length = std::fs::metadata(file).map_err(failed)?.len();
    if length > FILE_BYTES_MAX {
        let message = format!("`{}` is longer than {FILE_BYTES_MAX} bytes", file.display());
        return Err(Failure::usage(message, "name a configuration file of LiteLLM's proxy"));
    }
    std::fs::read_to_string(file).map_err(failed)
}

/// Writes all files or, where one of them is there already, none.
fn write(made: &Imported, tree: &Path) -> Result<(), Failure> {
    if !tree.is_dir() {
        let message = format!("`{}` is not a folder", tree.display());
        return Err(Failure::usage(message, "name the policy tree with --tree"));
    }
    if let Some(path) = made.files.keys().find(|path| tree.join(path).exists()) {
        let message =
            format!("`{}` is there already; nothing was written", tree.join(path).display());
        return Err(Failure::usage(message, "move it away, or name an empty folder with --tree"));
    }
    for (path, text) in &made.files {
        let path = tree.join(path);
        let failed = |error| Failure::Failed(format!("cannot write `{}`: {error}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&path, text).map_err(failed)?;
    }
    Ok(())
}

fn told(made: &Imported, tree: &Path) -> String {
    let mut text = format!("{} files in {}:\n", made.files.len(), tree.display());
    for path in made.files.keys() {
        text.push_str(&format!("  {path}\n"));
    }
    if !made.commands.is_empty() {
        text.push_str("\nBudgets, to be set once the server runs:\n");
        for command in &made.commands {
            text.push_str(&format!("  {command}\n"));
        }
    }
    if !made.left.is_empty() {
        text.push_str("\nNot carried over:\n");
        let row = |left: &Left| [left.place.clone(), left.why.clone()];
        text.push_str(&table(["WHERE", "WHY"], made.left.iter().map(row).collect()));
    }
    text.push_str(
        "\nLook at the files, then put them in force with a commit:\n  orchestack policy check TREE, git add --all, git commit\n",
    );
    text
}
