//! Prints what is in a file and why: `cargo run -p orchestack-dlp --example find -- FILE`.

use std::{
    env, fs,
    io::{self, Write},
};

use dlp::{Engine, Settings};

fn main() -> io::Result<()> {
    let text = match env::args().nth(1) {
        Some(file) => fs::read_to_string(file)?,
        None => "Ann, ann@example.com, card 4111 1111 1111 1111, IBAN GB82 WEST 1234 5698 7654 32"
            .to_owned(),
    };
    tell(&text, &mut io::stdout().lock())
}

fn tell(text: &str, out: &mut impl Write) -> io::Result<()> {
    let engine = Engine::builtin(&Settings::default());
    for finding in engine.scan("text", text).findings {
        let dlp::Finding { kind, span, score, label, .. } = &finding;
        write!(out, "{kind} at {}..{}, {label}, score {score}:", span.start, span.end)?;
        for term in &finding.terms {
            write!(out, " {} {:+}", term.name, term.points)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_places_and_reasons_are_printed_and_no_value() {
        let mut out = Vec::new();
        tell("to ann@example.com, SSN 536-22-8726", &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("email at 3..18, sensitive, score "), "{out}");
        assert!(out.contains("us_ssn at 24..35, restricted, score "), "{out}");
        assert!(!out.contains("ann") && !out.contains("8726"), "{out}");
    }
}
