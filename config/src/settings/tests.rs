use std::time::Duration;

use proptest::prelude::*;
use types::{Label, Nanos};

use super::*;

fn nothing() -> impl Iterator<Item = (String, String)> {
    std::iter::empty()
}

fn env(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    let owned: Vec<_> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    owned.into_iter()
}

#[track_caller]
fn faults(text: &str, variables: &[(&str, &str)]) -> String {
    let faults = Settings::parse("orchestack.toml", text, env(variables)).unwrap_err();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn the_defaults_are_those_that_are_promised() {
    let settings = Settings::default();
    assert_eq!(settings.gateway.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.admin.listen.to_string(), "127.0.0.1:8081");
    assert_eq!(settings.gateway.max_body_bytes, 32 * 1024 * 1024);
    assert_eq!(settings.budget.agent_day, Nanos(5_000_000_000));
    assert_eq!(settings.routing.local_from, Label::Restricted);
    assert_eq!(settings.store_url().expose(), "sqlite://./.orchestack/orchestack.db");
    insta::assert_debug_snapshot!(settings);
}

#[test]
fn the_starter_file_is_complete_and_loads_as_it_is() {
    let text = Settings::annotated();
    assert_eq!(Settings::parse("orchestack.toml", &text, nothing()), Ok(Settings::default()));
    insta::assert_snapshot!(text);
}

#[test]
fn the_starter_file_with_every_setting_uncommented_is_the_defaults() {
    let setting = |line: &str| {
        line.strip_prefix('#')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
            .map(str::to_owned)
    };
    let mut settings = 0;
    let text: String = Settings::annotated()
        .lines()
        .map(|line| {
            settings += usize::from(setting(line).is_some());
            setting(line).unwrap_or_else(|| line.to_owned()) + "\n"
        })
        .collect();
    assert!(settings > 30, "{settings}");
    let read = Settings::parse("orchestack.toml", &text, nothing()).unwrap();
    // Weights that are written are weights that are set; those that are not leave the default order.
    let weights = Some(Weights::default());
    let routing = Routing { weights, ..Settings::default().routing };
    assert_eq!(read, Settings { routing, ..Settings::default() });
}

#[test]
fn the_examples_of_keys_without_a_default_are_valid() {
    let example = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let is_key = rest.split_once(" = ").is_some_and(|(key, _)| {
            key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        });
        (is_key || rest.starts_with('[')).then(|| rest.to_owned())
    };
    let text: String = Settings::annotated()
        .lines()
        .map(|line| example(line).unwrap_or_else(|| line.to_owned()) + "\n")
        .collect();
    let read = Settings::parse("orchestack.toml", &text, nothing()).unwrap();
    assert!(read.gateway.tls.is_some_and(|tls| tls.client_ca.is_some()));
    assert!(read.store.url.is_some() && read.telemetry.otlp_endpoint.is_some());
    assert!(read.alerts.webhook.is_some());
}

#[test]
fn a_webhook_has_an_address_and_a_secret_or_neither() {
    let url = "webhook_url = \"https://a.example\"\n";
    let secret = "webhook_secret = \"env:HUSH\"\n";
    let alerts = |text: &str| format!("[alerts]\n{text}");
    let both = Settings::parse("x.toml", &alerts(&format!("{url}{secret}")), nothing()).unwrap();
    assert_eq!(both.alerts.webhook.unwrap().url, "https://a.example");
    assert!(faults(&alerts(url), &[]).contains("what is posted must be signed"));
    assert!(faults(&alerts(secret), &[]).contains("there is nothing to sign"));
    // A faulty half is one mistake, and a secret is never repeated.
    let told = faults(&alerts(&format!("{url}webhook_secret = \"hunter2\"\n")), &[]);
    assert!(told.lines().count() == 1 && !told.contains("hunter2"), "{told}");
    assert!(faults("[alerts]\nwarn_percent = 0\n", &[]).contains("alerts.warn_percent"));
}

#[test]
fn a_variable_goes_before_the_file_and_the_file_before_the_default() {
    let text = "[gateway]\nlisten = \"127.0.0.1:1\"\ndefault_output_tokens = 32\n";
    let variables = [
        ("ORCHESTACK_GATEWAY__LISTEN", "127.0.0.1:2"),
        ("ORCHESTACK_GATEWAY__MAX_BODY_BYTES", "1 MiB"),
        ("ORCHESTACK_GATEWAY__MAX_CONNECTIONS", "7"),
        ("ORCHESTACK_GATEWAY__TLS__CERT", "a.pem"),
        ("ORCHESTACK_GATEWAY__TLS__KEY", "b.pem"),
        ("ORCHESTACK_UPSTREAM__CONNECT_TIMEOUT", "250ms"),
        ("ORCHESTACK_ADMIN_TOKEN", "not a setting"),
        ("PATH", "/bin"),
    ];
    let read = Settings::parse("orchestack.toml", text, env(&variables)).unwrap();
    assert_eq!(read.gateway.listen.to_string(), "127.0.0.1:2");
    assert_eq!(read.gateway.default_output_tokens, 32);
    assert_eq!(read.gateway.max_body_bytes, 1024 * 1024);
    assert_eq!(read.gateway.max_connections, 7);
    assert_eq!(read.gateway.tls.unwrap().key, std::path::Path::new("b.pem"));
    assert_eq!(read.upstream.connect_timeout, Duration::from_millis(250));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_its_fix() {
    let text = r#"
[gateway]
listen = "everywhere"
max_body_bytes = "9 TiB"
header_timeout = 10
default_output_token = 64
[gateway.tls]
cert = "cert.pem"
[upstrem]
connect_timeout = "5s"
[upstream]
total_timeout = "3 weeks"
max_attempts = -1
[bus]
url = "amqp://x"
[store]
url = "mysql://root:hunter2@db/x"
[budget]
agent_day = "five"
alert_percent = 0.8
[routing]
local_from = "secret"
weights = "fast"
[telemetry]
otlp_endpoint = "http://user:hunter2@host"
"#;
    let variables = [
        ("ORCHESTACK_GATEWAY__MAX_CONNECTIONS", "many"),
        ("ORCHESTACK_LEDGER__LEASE", "0s"),
        ("ORCHESTACK_LEGDER__LEASE", "60s"),
        ("ORCHESTACK_GATEWAY__LISTEN__PORT", "1"),
    ];
    let faults = faults(text, &variables);
    assert!(!faults.contains("hunter2"), "{faults}");
    insta::assert_snapshot!(faults);
}

#[test]
fn a_remote_that_could_run_or_tell_something_is_refused_and_not_repeated() {
    let text = r#"
[policy]
remote = "https://user:hunter2@host/policy.git"
ref = "--upload-pack=hunter2"
remote_secret = "hunter2"
ssh_key = "%d/hunter2"
unproved = "hunter2-hunter2"
"#;
    let told = faults(text, &[("ORCHESTACK_POLICY__PROOF_TIMEOUT", "0s")]);
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told);
    let local = "[policy]\nremote = \"/srv/policy.git\"\nremote_secret = \"env:TOKEN\"\n";
    let told = faults(local, &[]);
    assert!(
        told.starts_with("orchestack.toml:3: policy.remote_secret: a secret is used"),
        "{told}"
    );
}

#[test]
fn every_syntax_error_is_told() {
    insta::assert_snapshot!(faults(
        "[gateway\nlisten = \n[admin]\nlisten = 'x'\nlisten = 'y'\n",
        &[]
    ));
}

#[test]
fn a_named_file_must_exist_and_a_file_has_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Settings::load(Some(&dir.path().join("no.toml")), nothing()).unwrap_err();
    assert!(missing[0].message.contains("cannot be read"), "{missing:?}");
    let big = dir.path().join("big.toml");
    std::fs::write(&big, "#".repeat(2 * FILE_BYTES_MAX)).unwrap();
    let faults = Settings::load(Some(&big), nothing()).unwrap_err();
    assert!(faults[0].fix.contains("shorten"), "{faults:?}");
    let good = dir.path().join("orchestack.toml");
    std::fs::write(&good, "[state]\ndir = \"/tmp/x\"\n").unwrap();
    let read = Settings::load(Some(&good), nothing()).unwrap();
    assert_eq!(read.admin_socket(), std::path::Path::new("/tmp/x/admin.sock"));
}

fn toml_text() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "gateway",
        "listen",
        "tls",
        "default_output_tokens",
        "upstream",
        "total_timeout",
        "weights",
        "routing",
        "budget",
        "agent_day",
        "max_body_bytes",
        "bus",
        "url",
        "x",
    ]);
    let value = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<bool>().prop_map(|b| b.to_string()),
        Just("9999999999999999999999".to_owned()),
        Just("1e400".to_owned()),
        Just("1979-05-27".to_owned()),
        "[0-9]{0,30}(ms|s|m|h|d|y| GiB| MiB|)".prop_map(|s| format!("\"{s}\"")),
        "[a-z:/.@-]{0,20}".prop_map(|s| format!("\"{s}\"")),
        Just("[1, [2, {a = 3}], \"x\"]".to_owned()),
        Just("{ listen = 1, tls = {} }".to_owned()),
    ];
    let line = prop_oneof![
        (key.clone(), value).prop_map(|(key, value)| format!("{key} = {value}")),
        key.clone().prop_map(|key| format!("[{key}]")),
        (key.clone(), key.clone()).prop_map(|(a, b)| format!("[{a}.{b}]")),
        key.prop_map(|key| format!("[[{key}]]")),
        any::<String>(),
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_text_gives_settings_or_faults_and_never_a_panic(
        text in toml_text(),
        name in "(ORCHESTACK_)?[A-Z_]{0,12}(__[A-Z_]{0,8}){0,3}",
        value in any::<String>(),
    ) {
        let variables = [(name, value)];
        let read = Settings::parse("orchestack.toml", &text, variables.into_iter());
        if let Err(faults) = read {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(!fault.message.is_empty() && !fault.fix.is_empty());
            }
        }
    }

    #[test]
    fn a_mistyped_key_is_never_taken(section in "[a-z]{1,8}", key in "[a-z_]{1,12}") {
        let text = format!("[gateway.{section}]\n{key} = 1\n");
        prop_assert!(Settings::parse("orchestack.toml", &text, nothing()).is_err());
    }
}
