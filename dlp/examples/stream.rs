//! Shows an answer that comes in pieces, redacted for one reader and restored for another:
//! `cargo run -p orchestack-dlp --example stream`.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    io::{self, Write},
};

use dlp::{Channel, Engine, Form, Restorer, Settings, Tokens};

const PIECES: [&str; 5] =
    ["Her card is 4111 11", "11 1111 1111; write to ann", "@exam", "ple.com", "."];

fn main() -> io::Result<()> {
    tell(&PIECES, &mut io::stdout().lock())
}

fn tell(pieces: &[&str], out: &mut impl Write) -> io::Result<()> {
    let engine = Engine::builtin(&Settings::default());
    // Good enough to show; a service takes its numbers from the operating system.
    let mut tokens = Tokens::new(|| RandomState::new().build_hasher().finish());
    let mut channel = Channel::new(&engine, Form::Text, "answer");
    let mut redacted: Vec<String> =
        pieces.iter().map(|piece| channel.push(piece).redacted(|_| true, &mut tokens)).collect();
    redacted.push(channel.end().redacted(|_| true, &mut tokens));
    writeln!(out, "redacted: {}", redacted.concat())?;
    let mut restorer = Restorer::new(Form::Text);
    let value = |token: &str| tokens.value(token).map(|(_, value)| value.to_owned());
    let mut restored: String = redacted.iter().map(|piece| restorer.push(piece, value)).collect();
    restored.push_str(&restorer.end());
    writeln!(out, "restored: {restored}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_restored_is_what_came() {
        let mut out = Vec::new();
        tell(&PIECES, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let (redacted, restored) = out.trim_end().split_once('\n').unwrap();
        assert!(redacted.contains("[[CARD:") && redacted.contains("[[EMAIL:"), "{redacted}");
        assert_eq!(restored.strip_prefix("restored: "), Some(PIECES.concat().as_str()));
    }
}
