//! `orchestack break-glass`.

use std::process::ExitCode;

use admin::{ApprovalList, ApprovalView, NewBreakGlass};

use super::approval::{rows, whole};
use crate::{
    args::BreakGlass,
    client::{Ask, Client},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(
    client: &Client,
    command: BreakGlass,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        BreakGlass::Request { reason } => {
            let body = NewBreakGlass { reason };
            let asked: ApprovalView = client.tell(Ask::post(&["break-glass"]), &body).await?;
            output.show(&asked, |asked| {
                let mut text = whole(asked);
                if asked.missing.is_some() {
                    text.push_str(&format!(
                        "two administrators give it with: orchestack approval approve {}",
                        asked.id
                    ));
                }
                text
            });
        }
        BreakGlass::List => {
            let list: ApprovalList = client.ask(Ask::get(&["break-glass"])).await?;
            output.show(&list, |list| rows(&list.approvals));
        }
        BreakGlass::Revoke { id } => {
            let ended: ApprovalView = client.ask(Ask::delete(&["break-glass", &id])).await?;
            output.show(&ended, whole);
        }
    }
    Ok(ExitCode::SUCCESS)
}
