//! `orchestack provider`.

use std::process::ExitCode;

use admin::{NewAws, NewProvider, ProviderList, ProviderView};
use serde_json::json;

use crate::{
    args::{AddProvider, Provider},
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Provider,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Provider::List => {
            let list: ProviderList = client.ask(Ask::get(&["providers"])).await?;
            output.show(&list, |list| rows(&list.providers));
        }
        Provider::Add(ask) => {
            let body = body(*ask);
            let made: ProviderView = client.tell(Ask::post(&["providers"]), &body).await?;
            output.show(&made, |made| rows(std::slice::from_ref(made)));
        }
        Provider::Remove { name } => {
            client.act(Ask::delete(&["providers", &name])).await?;
            output.show(&json!({ "removed": name }), |_| format!("{name} is removed"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn body(ask: AddProvider) -> NewProvider {
    let keys = ask.aws_access_key_id.zip(ask.aws_secret_access_key);
    NewProvider {
        name: ask.name,
        kind: ask.kind,
        base_url: ask.url,
        locality: ask.locality,
        secret: ask.secret,
        bearer: ask.bearer,
        api_version: ask.api_version,
        no_stream_usage: ask.no_stream_usage,
        aws: keys.map(|(access_key_id, secret_access_key)| NewAws {
            region: ask.aws_region,
            access_key_id,
            secret_access_key,
            session_token: ask.aws_session_token,
        }),
        ..NewProvider::default()
    }
}

fn rows(providers: &[ProviderView]) -> String {
    let row = |provider: &ProviderView| {
        let key = match (&provider.secret, provider.ready) {
            (None, _) => "none needed".to_owned(),
            (Some(place), true) => place.clone(),
            (Some(place), false) => format!("{place} is missing"),
        };
        [
            provider.name.clone(),
            provider.kind.clone(),
            provider.file.clone().unwrap_or_else(|| provider.origin.clone()),
            provider.locality.clone(),
            provider.models.to_string(),
            key,
            provider.base_url.clone(),
        ]
    };
    let head = ["NAME", "SPEAKS", "ORIGIN", "RUNS", "MODELS", "KEY", "ADDRESS"];
    table(head, providers.iter().map(row).collect())
}
