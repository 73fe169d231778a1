//! Tests through the public interface. Secrets are put together from pieces, so that scanners of
//! source code do not take them for real ones.

mod bounds;
mod channel;
mod custom;
mod deep;
mod evasion;
mod health;
mod ids;
mod memo;
mod personal;
mod phones;
mod pieces;
mod redaction;
mod secrets;
mod work;

use crate::{Engine, Kind, Settings, Tokens};

pub(super) fn engine() -> Engine {
    use std::sync::OnceLock;
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::builtin(&Settings::default())).clone()
}

/// With what is off by default.
fn everything() -> Engine {
    use std::sync::OnceLock;
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let settings = || Settings { off: [].into(), ..Settings::default() };
    ENGINE.get_or_init(|| Engine::builtin(&settings())).clone()
}

/// A map of its own for a test.
pub(super) fn tokens() -> Tokens {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Tokens::new(|| NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The texts with numbers in place of random parts: `[[EMAIL:1]]` is the first address.
pub(super) fn numbered(texts: &[&str]) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let number = |text: &str| {
        let mut out = String::new();
        let mut kept = 0;
        for span in crate::tokens::spans(text) {
            let token = &text[span.clone()];
            if !seen.iter().any(|other| other == token) {
                seen.push(token.to_owned());
            }
            let (name, _) = token.split_once(':').unwrap();
            let alike = seen.iter().filter(|other| other.starts_with(&format!("{name}:")));
            let place = alike.take_while(|other| *other != token).count() + 1;
            out.push_str(&format!("{}{name}:{place}]]", &text[kept..span.start]));
            kept = span.end;
        }
        out + &text[kept..]
    };
    texts.iter().copied().map(number).collect()
}

/// Every kind.
pub(super) fn all() -> Vec<Kind> {
    Kind::all().collect()
}

/// Checks what is found, in order: kinds and the exact original text. Web addresses, which are
/// off by default, are looked for where one is expected.
#[track_caller]
pub(super) fn check(text: &str, expected: &[(Kind, &str)]) {
    let expects_url = expected.iter().any(|(kind, _)| *kind == Kind::URL);
    let findings = if expects_url { everything() } else { engine() }.scan("text", text).findings;
    let found: Vec<_> = findings.iter().map(|f| (f.kind, &text[f.span.clone()])).collect();
    assert_eq!(found, expected, "in {text:?}");
    for finding in &findings {
        let sum: i16 = finding.terms.iter().map(|term| term.points).sum();
        assert_eq!(i16::from(finding.score), sum.clamp(0, 100), "terms explain the score");
    }
}

#[track_caller]
pub(super) fn clean(text: &str) {
    check(text, &[]);
}
