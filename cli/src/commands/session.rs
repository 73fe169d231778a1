//! `orchestack session`.

use std::process::ExitCode;

use admin::{Endorsement, NewSessionLabel, SessionList, SessionRow, SessionView};

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
        Session::List { limit } => {
            let ask = Ask::get(&["sessions"]).with("limit", limit);
            let list: SessionList = client.ask(ask).await?;
            output.show(&list, |list| rows(&list.sessions));
            return Ok(ExitCode::SUCCESS);
        }
        Session::Show { id } => client.ask(Ask::get(&["sessions", &id])).await?,
        Session::Label { id, lower_to, reason } => {
            let body = NewSessionLabel { lower_to, reason };
            client.tell(Ask::post(&["sessions", &id, "label"]), &body).await?
        }
        Session::Endorse { id, reason } => {
            let body = Endorsement { reason };
            client.tell(Ask::post(&["sessions", &id, "endorse"]), &body).await?
        }
    };
    output.show(&known, row);
    Ok(ExitCode::SUCCESS)
}

fn row(known: &SessionView) -> String {
    let flow = known.flow.as_ref();
    let by = known.set_by.as_deref().or(known.request.as_deref());
    let trusted_by = flow.and_then(|flow| flow.set_by.as_deref().or(flow.request.as_deref()));
    let row = [
        known.id.clone(),
        known.label.clone(),
        or_dash(known.since.as_deref().map(short).as_deref()),
        or_dash(by),
        or_dash(known.reason.as_deref()),
        known.integrity.clone(),
        or_dash(flow.map(|flow| short(&flow.since)).as_deref()),
        or_dash(trusted_by),
        or_dash(flow.and_then(|flow| flow.reason.as_deref())),
        or_dash(flow.map(|flow| flow.sources.join(", ")).as_deref()),
    ];
    let names = [
        "SESSION",
        "LABEL",
        "SINCE",
        "BY",
        "REASON",
        "INTEGRITY",
        "SINCE",
        "BY",
        "REASON",
        "SOURCES",
    ];
    table(names, vec![row])
}

fn rows(sessions: &[SessionRow]) -> String {
    let row = |session: &SessionRow| {
        [
            session.id.clone(),
            session.connector.clone(),
            session.person.clone(),
            session.messages.to_string(),
            session.waiting.to_string(),
            or_dash(session.active_task.as_deref()),
            short(&session.active_at),
        ]
    };
    let head = ["SESSION", "OVER", "WITH", "MESSAGES", "WAITING", "TASK", "LAST (UTC)"];
    table(head, sessions.iter().map(row).collect())
}
