//! `orchestack budget`.

mod reconcile;

use std::process::ExitCode;

use admin::{AccountView, BudgetList, NewCap, RaiseView};

use super::{or_dash, short};
use crate::{
    args::{Budget, Cap, Raise, SetCap},
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Budget,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Budget::Show { scope } => {
            let ask = Ask::get(&["budget"]).with("scope", scope);
            let list: BudgetList = client.ask(ask).await?;
            output.show(&list, |list| rows(&list.accounts) + &rolled(list) + &raises(list));
        }
        Budget::Set(SetCap { cap, soft, rollover }) => {
            let body = NewCap { soft, rollover, ..body(cap, None) };
            let made: AccountView = client.tell(Ask::put(&["budget"]), &body).await?;
            output.show(&made, |made| rows(std::slice::from_ref(made)));
        }
        Budget::Raise(Raise { cap, until }) => {
            let ask = Ask::post(&["budget", "raise"]);
            let made: AccountView = client.tell(ask, &body(cap, until)).await?;
            output.show(&made, |made| rows(std::slice::from_ref(made)));
        }
        Budget::Reconcile(ask) => return reconcile::run(client, ask, output).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn body(cap: Cap, until: Option<String>) -> NewCap {
    NewCap {
        scope: Some(cap.scope),
        name: cap.name,
        period: Some(cap.period),
        amount: cap.amount,
        soft: false,
        rollover: None,
        until,
    }
}

/// One line for each cap that has something of the window before.
fn rolled(list: &BudgetList) -> String {
    let line = |account: &AccountView| {
        let AccountView { scope, name, period, rolled_over, .. } = account;
        let rolled = rolled_over.as_ref()?;
        Some(format!("rolled over: {scope} {name} has {} of the {period} before\n", rolled.usd))
    };
    list.accounts.iter().filter_map(line).collect()
}

/// One line for each raise, below the accounts.
fn raises(list: &BudgetList) -> String {
    let line = |raise: &RaiseView| {
        format!(
            "raised: {} {} by {} a {} until {} UTC, by {}\n",
            raise.scope,
            raise.name,
            raise.amount.usd,
            raise.period,
            short(&raise.ends),
            raise.made_by,
        )
    };
    list.raises.iter().map(line).collect()
}

fn rows(accounts: &[AccountView]) -> String {
    let row = |account: &AccountView| {
        let usd = |money: &Option<admin::Money>| or_dash(money.as_ref().map(|m| m.usd.as_str()));
        [
            account.scope.clone(),
            account.name.clone(),
            account.period.clone(),
            match &account.cap {
                Some(cap) if account.hard => cap.usd.clone(),
                Some(cap) => format!("{} (soft)", cap.usd),
                None => "no cap".to_owned(),
            },
            account.spent.usd.clone(),
            account.held.usd.clone(),
            usd(&account.left),
            or_dash(account.ends.as_deref().map(short).as_deref()),
        ]
    };
    let head = ["SCOPE", "NAME", "PERIOD", "CAP USD", "SPENT", "HELD", "LEFT", "WINDOW ENDS"];
    table(head, accounts.iter().map(row).collect())
}
