//! The credentials of providers, fetched from where their references point.

use std::collections::HashMap;

use config::{SecretError, SecretRef, settings::Settings};
use router::{Provider, Registry};
use types::{AwsKeys, Credential, Secret};

/// Fetches them all. One that cannot be had is told in `notes`; its provider will answer 401.
pub(crate) fn fetch(
    registry: &Registry,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> HashMap<String, Credential> {
    let resolve = |text: &str| {
        let reference = text.parse::<SecretRef>()?;
        reference.resolve(&settings.state.dir, config::settings::variable)
    };
    let mut credentials = HashMap::new();
    for provider in registry.providers() {
        match of(provider, resolve) {
            Ok(None) => {}
            Ok(Some(credential)) => {
                credentials.insert(provider.name.clone(), credential);
            }
            Err(error) => notes.push(format!("provider `{}`: {error}", provider.name)),
        }
    }
    credentials
}

fn of(
    provider: &Provider,
    resolve: impl Fn(&str) -> Result<Secret, SecretError>,
) -> Result<Option<Credential>, SecretError> {
    if let Some(aws) = &provider.particulars.aws {
        return Ok(Some(Credential::Aws(AwsKeys {
            region: aws.region.clone(),
            access_key_id: resolve(&aws.access_key_id)?,
            secret_access_key: resolve(&aws.secret_access_key)?,
            session_token: aws.session_token.as_deref().map(resolve).transpose()?,
        })));
    }
    let Some(reference) = &provider.secret_ref else { return Ok(None) };
    let secret = resolve(reference)?;
    let bearer = provider.particulars.bearer;
    Ok(Some(if bearer { Credential::Token(secret) } else { Credential::Key(secret) }))
}
