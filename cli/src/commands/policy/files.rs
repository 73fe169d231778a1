//! `orchestack policy files`, `policy edit` and `policy schema`.

use std::process::ExitCode;

use admin::{NewEdit, NewText, PolicyEdited, PolicyFiles, PolicySchema};

use crate::{
    args::Edit,
    client::{Ask, Client},
    failure::Failure,
    output::Output,
};

pub(super) async fn show(
    client: &Client,
    path: Option<String>,
    commit: Option<String>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let ask = Ask::get(&["policy", "files"]).with("path", path).with("commit", commit);
    let files: PolicyFiles = client.ask(ask).await?;
    output.show(&files, |files| files.text.clone().unwrap_or_else(|| files.paths.join("\n")));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn edit(
    client: &Client,
    edit: Edit,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let put = edit.put.iter().map(|pair| text(pair)).collect::<Result<Vec<_>, _>>()?;
    let removed = edit.remove.into_iter().map(|path| NewText { path, text: None });
    let body = NewEdit {
        changes: put.into_iter().chain(removed).collect(),
        message: edit.message,
        branch: edit.branch,
        base: edit.base,
    };
    let edited: PolicyEdited = client.tell(Ask::put(&["policy", "files"]), &body).await?;
    output.show(&edited, |edited| match (&edited.branch, edited.in_force) {
        (Some(branch), _) => format!("commit {} is on the branch {branch}", edited.commit),
        (None, true) => format!("commit {} is in force", edited.commit),
        (None, false) => format!(
            "commit {} is made and not in force: see `orchestack policy status`",
            edited.commit
        ),
    });
    Ok(ExitCode::SUCCESS)
}

/// The text of the file behind `PATH=FILE`.
fn text(pair: &str) -> Result<NewText, Failure> {
    let Some((path, file)) = pair.split_once('=') else {
        let message = format!("`{pair}` is not of the form PATH=FILE");
        return Err(Failure::usage(message, "write `--put policies/models.cedar=new.cedar`"));
    };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("cannot read `{file}`: {error}"), "name a text file")
    })?;
    Ok(NewText { path: path.to_owned(), text: Some(text) })
}

/// The schema of this program, which needs no server.
pub(super) fn schema(output: &Output) -> Result<ExitCode, Failure> {
    let schema = PolicySchema { schema: admin::schema_text().to_owned() };
    output.show(&schema, |schema| schema.schema.clone());
    Ok(ExitCode::SUCCESS)
}
