//! `orchestack provider`.

use std::process::ExitCode;

use admin::{NewProvider, ProviderList, ProviderView};
use serde_json::json;

use crate::{
    args::Provider,
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
        Provider::Add { name, url, kind, locality, secret } => {
            let body = NewProvider {
                name,
                kind,
                base_url: url,
                locality,
                secret,
                ..NewProvider::default()
            };
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
