//! Everything that the program prints: the one place that writes to standard output.
//!
//! Without `--json` it is for people; with it, standard output carries one JSON value and nothing
//! else.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::json;

use crate::failure::Failure;

/// Prints for people or for machines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a value: as JSON, or as `text` makes it for people.
    pub(crate) fn show<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        if self.json {
            let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned());
            self.line(&text);
        } else {
            self.line(text(value).trim_end());
        }
    }

    /// Prints one line or paragraph.
    pub(crate) fn line(self, text: &str) {
        write(&mut io::stdout().lock(), text);
    }

    /// Prints something for people that is not the answer: to standard error.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            write(&mut io::stderr().lock(), text);
        }
    }

    /// Prints what must not be lost, whoever reads: to standard error.
    pub(crate) fn keep(self, text: &str) {
        write(&mut io::stderr().lock(), text);
    }

    /// Prints why a command failed, and gives its exit code.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        write(&mut io::stderr().lock(), &told(failure, self.json));
        failure.code()
    }
}

/// Prints what the grammar of commands has to say: help, the version, or a mistake.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe, as of `orchestack --help | head`, is no failure.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// A closed pipe ends quietly: whoever read has what they wanted.
fn write(out: &mut impl Write, text: &str) {
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// The text of a failure.
fn told(failure: &Failure, json: bool) -> String {
    let fixes = failure.fixes();
    if json {
        let mut body = json!({
            "code": failure.name(), "message": failure.to_string(), "fix": fixes.join("\n"),
        });
        if let Failure::Refused(admin::Fault { approval: Some(approval), .. }) = failure {
            body["approval"] = json!(approval);
        }
        return json!({ "error": body }).to_string();
    }
    let mut text = format!("error: {failure}");
    for fix in fixes {
        text.push_str("\n  ");
        text.push_str(&fix);
    }
    text
}

/// A table with a head; columns are as wide as their widest cell.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let head = head.map(str::to_owned);
    let mut widths = [0; N];
    for row in std::iter::once(&head).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let pad = width.saturating_sub(cell.chars().count());
            line.push_str(cell);
            line.push_str(&" ".repeat(pad.saturating_add(2)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_to_do() {
        let settings = config::Settings::parse(
            "orchestack.toml",
            "[gateway]\nlisten = \"nowhere\"\nspeed = 3\n",
            std::iter::empty(),
        );
        let refused = admin::Fault {
            code: "policy_denied".to_owned(),
            message: "no policy permits it (commit 0123456789ab)".to_owned(),
            fix: "ask an administrator".to_owned(),
            ..admin::Fault::default()
        };
        let failures = [
            Failure::Settings(settings.unwrap_err()),
            Failure::Refused(refused),
            Failure::usage("`5x` is not a time", "write `30s`, `15m`, `12h` or `7d`"),
        ];
        let told: Vec<_> = failures.iter().map(|failure| told(failure, false)).collect();
        insta::assert_snapshot!(told.join("\n\n"));
        let machine: serde_json::Value =
            serde_json::from_str(&super::told(&failures[1], true)).unwrap();
        assert_eq!(machine["error"]["code"], "policy_denied");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![["a".to_owned(), "bb".to_owned()], ["cccc".to_owned(), String::new()]];
        assert_eq!(table(["x", "y"], rows), "x     y\na     bb\ncccc\n");
    }
}
