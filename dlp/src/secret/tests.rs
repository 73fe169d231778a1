//! Tests of the rules for credentials: each row of the table, and the forms that no row expresses.

mod forms;
mod rows;

use crate::{Engine, Finding, Settings};

fn engine() -> Engine {
    use std::sync::OnceLock;
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::builtin(&Settings::default())).clone()
}

/// What is found of this family: the others have tests of their own.
fn secrets(text: &str) -> Vec<Finding> {
    let mut findings = engine().scan("text", text).findings;
    findings.retain(|finding| finding.kind.is_secret());
    findings
}
