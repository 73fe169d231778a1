//! Invented values for the pages of the catalogue. A secret is given as its shape only, with `…` for what
//! would make it one: whole ones set off scanners of source code.

/// The example of a kind, by its name. One without `…` is found as its kind, which a test holds.
const EXAMPLES: &[(&str, &str)] = &[
    ("email", "ann@example.com"),
    ("phone", "+44 20 7946 0958"),
    ("us_ssn", "SSN 536-22-8726"),
    ("ip", "203.0.113.7"),
    ("card", "4111 1111 1111 1111"),
    ("iban", "GB82 WEST 1234 5698 7654 32"),
    ("aws_key", "AKIA…"),
    ("aws_secret", "aws_secret_access_key = …"),
    ("github_token", "ghp_…"),
    ("slack_token", "xoxb-…"),
    ("openai_key", "sk-proj-…"),
    ("anthropic_key", "sk-ant-…"),
    ("google_key", "AIza…"),
    ("stripe_key", "sk_live_…"),
    ("jwt", "eyJ….eyJ….…"),
    ("private_key", "-----BEGIN PRIVATE KEY----- …"),
    ("url_password", "postgres://app:…@db.example.com/orders"),
];

/// The example of the kind with this name, where there is one.
pub(super) fn of(name: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(kind, _)| *kind == name).map(|(_, example)| *example)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, tests::engine};

    #[test]
    fn every_whole_example_is_found_as_its_kind() {
        for (name, example) in EXAMPLES {
            let kind: Kind = name.parse().unwrap();
            let found = engine().scan("text", example).findings;
            let is_found = found.iter().any(|finding| finding.kind == kind);
            assert_eq!(is_found, !example.contains('…'), "{name}: {found:?}");
        }
    }
}
