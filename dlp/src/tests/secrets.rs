use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{check, clean};
use crate::Kind;

/// Text that looks random, `length` characters of it.
fn body(length: usize) -> String {
    "q7Zt3WmB9xKd5RfV1nHs8LcYp2GjT6aE4uQ0wXyNbMvCzDhS".chars().cycle().take(length).collect()
}

/// Checks the token in the places where tokens stand, and that a letter before or a cut hides it.
#[track_caller]
fn check_token(kind: Kind, token: &str) {
    check(token, &[(kind, token)]);
    check(&format!("key={token}\nnext"), &[(kind, token)]);
    check(&format!("{{\"key\":\"{token}\"}}"), &[(kind, token)]);
    check(&format!("use `{token}`, please."), &[(kind, token)]);
    clean(&format!("abc{token}"));
    clean(&token[..16]);
}

#[test]
fn published_prefixes_are_found() {
    check_token(Kind::AWS_KEY, &format!("AKIA{}", "IOSFODNN7EXAMPLE"));
    check_token(Kind::AWS_KEY, &format!("ASIA{}", "Y34FZKBOKMUTVV7A"));
    check_token(Kind::GITHUB_TOKEN, &format!("ghp_{}", body(36)));
    check_token(Kind::GITHUB_TOKEN, &format!("ghs_{}", body(36)));
    check_token(Kind::GITHUB_TOKEN, &format!("github_pat_{}_{}", body(22), body(59)));
    check_token(
        Kind::SLACK_TOKEN,
        &format!("xoxb-{}-{}-{}", "123456789012", "1234567890123", body(24)),
    );
    check_token(Kind::OPENAI_KEY, &format!("sk-{}T3BlbkFJ{}", body(20), body(20)));
    check_token(Kind::OPENAI_KEY, &format!("sk-proj-{}", body(120)));
    check_token(Kind::ANTHROPIC_KEY, &format!("sk-ant-api03-{}AA", body(93)));
    check_token(Kind::GOOGLE_KEY, &format!("AIza{}", body(35)));
    check_token(Kind::STRIPE_KEY, &format!("sk_live_{}", body(24)));
    check_token(Kind::STRIPE_KEY, &format!("rk_live_{}", body(99)));
}

#[test]
fn filler_is_no_token() {
    clean(&format!("ghp_{}", "x".repeat(36)));
    clean(&format!("AKIA{}", "X".repeat(16)));
    clean("sk-proj-your-api-key-here, sk-1234, sk-learn, task-force, risk-aversion-of-everybody");
    clean(&format!("sk-{}", "some-very-long-css-class-name-with-many-words-in-it"));
    clean("AIzaShort eyJ eyJhbGci ghp_ xoxb-");
}

#[test]
fn an_aws_secret_is_known_by_its_assignment() {
    let secret = format!("wJalrXUtnFEMI/K7MDENG/{}", "bPxRfiCYEXAMPLEKEY");
    for before in [
        "aws_secret_access_key = ",
        "AWS_SECRET_ACCESS_KEY=",
        "export AWS_SECRET_ACCESS_KEY='",
        "\"SecretAccessKey\": \"",
        "secretAccessKey: \"",
        "aws.secret.key=",
    ] {
        check(&format!("{before}{secret}\""), &[(Kind::AWS_SECRET, &secret)]);
    }
    clean(&format!("sha: {secret}"));
    clean(&format!("aws_secret_access_key = {secret}9"));
    clean("aws_secret_access_key = ${SECRET}");
}

#[test]
fn a_jwt_has_a_header() {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let header = part(r#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = part(r#"{"sub":"1234567890"}"#);
    let token = format!("{header}.{claims}.{}", body(43));
    check(&format!("Authorization: Bearer {token}"), &[(Kind::JWT, &token)]);
    check(&format!("{token}."), &[(Kind::JWT, &token)]);
    clean(&format!("{claims}.{claims}.{}", body(43)));
    clean(&format!("{header} {claims}"));
}

#[test]
fn a_private_key_is_found_from_opener_to_closer() {
    let dashes = "-".repeat(5);
    let pem = |label: &str, eol: &str| {
        let line = body(64);
        format!(
            "{dashes}BEGIN {label}{dashes}{eol}{line}{eol}{line}{eol}{dashes}END {label}{dashes}"
        )
    };
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        let key = pem(label, "\n");
        check(&format!("x\n{key}\ny"), &[(Kind::PRIVATE_KEY, &key)]);
    }
    let escaped = pem("PRIVATE KEY", "\\n");
    check(&format!("{{\"private_key\":\"{escaped}\\n\"}}"), &[(Kind::PRIVATE_KEY, &escaped)]);
    check(&format!("KEY=\"{escaped}\""), &[(Kind::PRIVATE_KEY, &escaped)]);
    clean(&pem("PUBLIC KEY", "\n"));
    clean(&pem("CERTIFICATE", "\n"));
    clean(&format!("if text.contains(\"{dashes}BEGIN RSA PRIVATE KEY{dashes}\") {{ return; }}"));
}

#[test]
fn a_cut_private_key_is_still_one() {
    let open = format!("{0}BEGIN RSA PRIVATE KEY{0}\n{1}\n{1}", "-".repeat(5), body(64));
    check(&open, &[(Kind::PRIVATE_KEY, &open)]);
}

#[test]
fn a_slack_webhook_is_a_secret() {
    let hook =
        format!("https://hooks.slack.com/services/T0{}/B0{}/{}", "AB12CD3", "12AB34C", body(24));
    check(&format!("POST {hook} now"), &[(Kind::SLACK_TOKEN, &hook)]);
    clean("see https://hooks.slack.com/services/ for more");
}

#[test]
fn a_password_in_an_address_is_found_and_a_template_is_not() {
    check("postgres://app:s3cr3tPw@db.example.com/x", &[(Kind::URL_PASSWORD, "s3cr3tPw")]);
    check("https://bob@example.com/", &[(Kind::EMAIL, "bob@example.com")]);
    clean("postgres://user:password@localhost/db");
    clean("postgres://app:${DB_PASSWORD}@localhost redis://:***@cache");
    clean("http://host:8080/path http://[::1]:80/");
}
