//! The webhook that is told of budgets that run out: signed, tried again until it is taken, for a day.

use std::{sync::LazyLock, time::Duration};

use config::settings::Webhook;
use prometheus::{IntCounterVec, register_int_counter_vec};
use ring::hmac;
use snapshot::keys::to_hex;
use store::alerts::Waiting;
use tokio_util::sync::CancellationToken;
use types::{Secret, Timestamp};

use crate::control::Control;

/// How often alerts of other processes, and those that are to be tried again, are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How long the webhook may take over one alert.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Alerts that are taken at once.
const CLAIM_MAX: u32 = 16;
/// The longest wait between two tries, in seconds.
const BACKOFF_SECONDS_MAX: u32 = 15 * 60;

/// SHA-256 HMAC, with the webhook's secret, of the time, a dot and the body: `sha256=` and hexadecimal.
const SIGNATURE: &str = "x-orchestack-signature";
/// Seconds since 1970: what is signed cannot be sent again much later.
const TIME: &str = "x-orchestack-timestamp";

#[expect(clippy::expect_used, reason = "the name is a constant; a clash shows at the first start")]
static TRIES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "orchestack_alert_webhooks_total",
        "Alerts posted to the webhook by outcome: taken, refused",
        &["outcome"]
    )
    .expect("a metric's name and labels are legal and unique")
});

/// Delivers alerts to the webhook, where the settings name one, until `end`.
pub async fn deliver(control: Control, end: CancellationToken) {
    let Some(webhook) = &control.settings.alerts.webhook else { return };
    let alerts = control.store.alerts();
    let client = match client() {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "no alert can be posted to the webhook"),
    };
    let hook = Hook { control: &control, webhook, client };
    loop {
        match alerts.claim(CLAIM_MAX).await {
            Ok(waiting) => {
                for alert in &waiting {
                    // What is claimed and left at the end is taken over when its claim is over.
                    tokio::select! {
                        () = end.cancelled() => return,
                        () = hook.deliver(alert) => {}
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "alerts cannot be read; they wait"),
        }
        tokio::select! {
            () = end.cancelled() => return,
            () = alerts.rung() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The webhook, and what is needed to reach it.
struct Hook<'a> {
    control: &'a Control,
    webhook: &'a Webhook,
    client: reqwest::Client,
}

/// No redirects: what is signed is for this address. No proxy, as everywhere.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(ANSWER_TIME)
        .build()
}

impl Hook<'_> {
    /// Posts one alert and takes note of what came of it.
    async fn deliver(&self, alert: &Waiting) {
        let alerts = self.control.store.alerts();
        let noted = match self.post(alert).await {
            Ok(()) => {
                TRIES.with_label_values(&["taken"]).inc();
                alerts.delivered(alert.id).await
            }
            Err(why) => {
                TRIES.with_label_values(&["refused"]).inc();
                let seconds = backoff(alert.tries);
                tracing::warn!(alert = %alert.id, %why, seconds, "the webhook did not take an alert");
                alerts.later(alert.id, seconds).await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(%error, alert = %alert.id, "an alert may be posted again");
        }
    }

    async fn post(&self, alert: &Waiting) -> Result<(), String> {
        let base = &self.control.settings.state.dir;
        let secret = self.webhook.secret.resolve(base, config::settings::variable);
        let secret = secret.map_err(|error| error.to_string())?;
        let time = Timestamp::now().seconds();
        let sent = self
            .client
            .post(&self.webhook.url)
            .header("content-type", "application/json")
            .header(TIME, time.to_string())
            .header(SIGNATURE, signature(&secret, time, &alert.body))
            .body(alert.body.clone())
            .send()
            .await;
        // The address may carry what is nobody's business.
        let answer = sent.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(format!("it answered {}", answer.status().as_u16()))
    }
}

fn signature(secret: &Secret, time: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    format!("sha256={}", to_hex(tag.as_ref()))
}

/// How long to wait after so many tries, in seconds: 1, 2, 4 and so on.
fn backoff(tries: u32) -> u32 {
    let doubled = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(BACKOFF_SECONDS_MAX);
    doubled.clamp(1, BACKOFF_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_is_bounded() {
        let waits: Vec<u32> = [1, 2, 3, 10, 11, 32, 33, 100].map(backoff).to_vec();
        assert_eq!(waits, [1, 2, 4, 512, 900, 900, 900, 900]);
    }

    #[test]
    fn what_is_signed_hangs_on_secret_time_and_body() {
        let sign = |secret: &str, time, body| signature(&Secret::new(secret), time, body);
        let good = sign("hush", 1_795_300_000, "{}");
        // printf '%s' '1795300000.{}' | openssl dgst -sha256 -hmac hush
        assert_eq!(good, "sha256=7adb7c30ee56e945b80f10912e8bb375a8d0b11f0cf2b57e8d5bc00f72a79e70");
        assert_ne!(sign("other", 1_795_300_000, "{}"), good);
        assert_ne!(sign("hush", 1_795_300_001, "{}"), good);
        assert_ne!(sign("hush", 1_795_300_000, "{} "), good);
    }
}
