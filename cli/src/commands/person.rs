//! `orchestack person`.

use std::process::ExitCode;

use admin::{MadePerson, NewPerson, PersonList, PersonView};
use serde_json::json;

use super::{or_dash, short};
use crate::{
    args::Person,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Person,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Person::Add { name, groups } => {
            let body = NewPerson { name, groups };
            let made: MadePerson = client.tell(Ask::post(&["people"]), &body).await?;
            output.note(&format!("{} for {}; the token is shown only now:", made.id, made.name));
            output.show(&made, |made| made.token.clone());
        }
        Person::List => {
            let list: PersonList = client.ask(Ask::get(&["people"])).await?;
            output.show(&list, |list| rows(&list.people));
        }
        Person::Remove { id } => {
            client.act(Ask::delete(&["people", &id])).await?;
            output.show(&json!({ "removed": id }), |_| format!("{id} is revoked"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(people: &[PersonView]) -> String {
    let row = |person: &PersonView| {
        let state = match (&person.revoked_at, &person.expires_at) {
            (Some(_), _) => "revoked".to_owned(),
            (None, Some(ends)) => format!("until {}", short(ends)),
            (None, None) => "live".to_owned(),
        };
        [
            person.name.clone(),
            or_dash(Some(&person.groups.join(", "))),
            state,
            short(&person.created_at),
            person.id.clone(),
        ]
    };
    table(["NAME", "GROUPS", "STATE", "CREATED", "ID"], people.iter().map(row).collect())
}
