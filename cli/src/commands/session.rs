//! `orchestack session`.

use std::process::ExitCode;

use admin::{NewSessionLabel, SessionView};

use super::{or_dash, short};
use crate::{
    args::Session,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Session,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let known: SessionView = match command {
        Session::Show { id } => client.ask(Ask::get(&["sessions", &id])).await?,
        Session::Label { id, lower_to, reason } => {
            let body = NewSessionLabel { lower_to, reason };
            client.tell(Ask::post(&["sessions", &id, "label"]), &body).await?
        }
    };
    output.show(&known, row);
    Ok(ExitCode::SUCCESS)
}

fn row(known: &SessionView) -> String {
    let by = known.set_by.as_deref().or(known.request.as_deref());
    let row = [
        known.id.clone(),
        known.label.clone(),
        short(&known.since),
        or_dash(by),
        or_dash(known.reason.as_deref()),
    ];
    table(["SESSION", "LABEL", "SINCE", "BY", "REASON"], vec![row])
}
