//! `[alerts]`: who is told when budgets run out.

use super::HttpUrl;
use crate::{SecretRef, reader::Reader};

/// Who is told when budgets run out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// The share of a cap, in percent, at which a warning goes out; at 100 another one does.
    pub warn_percent: u8,
    /// The address that alerts are posted to, and where the secret is that signs them.
    pub webhook: Option<Webhook>,
}

/// Where alerts are posted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// Where the secret is that signs them.
    pub secret: SecretRef,
}

impl Alerts {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let warn_percent = from.count(
            "warn_percent",
            80,
            1..=100,
            "The share of a cap, in percent, at which a first alert goes out.",
        );
        let url_place = from.place_of("webhook_url");
        let url: Option<HttpUrl> = from.optional(
            "webhook_url",
            "https://alerts.example.com/orchestack",
            "Where alerts are posted to as well.",
        );
        let secret_place = from.place_of("webhook_secret");
        let secret: Option<SecretRef> = from.optional(
            "webhook_secret",
            "env:ALERTS_SECRET",
            "Where the secret is that signs what is posted.",
        );
        let webhook = match (url, secret) {
            (Some(HttpUrl(url)), Some(secret)) => Some(Webhook { url, secret }),
            (Some(_), None) if secret_place.is_none() => {
                let message = "what is posted must be signed".to_owned();
                let fix = "name its secret in `webhook_secret`, such as `env:ALERTS_SECRET`";
                from.fault("webhook_url", url_place.as_ref(), message, fix.to_owned());
                None
            }
            (None, Some(_)) if url_place.is_none() => {
                let message = "there is nothing to sign".to_owned();
                let fix = "name an address in `webhook_url`, or remove this line";
                from.fault("webhook_secret", secret_place.as_ref(), message, fix.to_owned());
                None
            }
            _ => None,
        };
        from.finish();
        Self { warn_percent: u8::try_from(warn_percent).unwrap_or(80), webhook }
    }
}
