//! Prints what scanning costs: `cargo run --release -p orchestack-dlp --example speed [TEXT..]`, of all texts
//! or of those that are named; a name with a dot or a slash is a file, of which each size is the beginning.

use std::{
    env, fs,
    hint::black_box,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use dlp::{Engine, Settings};

const PROSE: &str = "The quick brown fox jumps over the lazy dog, and then it asks: why not? \
    Because a model of this size answers in about 3 seconds, which is what people expect.\n";
const CODE: &str = "    let total: u64 = items.iter().map(|item| item.price * 100).sum(); // v1.2.3\n\
    assert_eq!(std::mem::size_of::<Header>(), 64, \"see RFC 9110, section 15.4\");\n";
const TABLE: &str = "2024-01-15,10442,19.99,8839201,US,3,0.125,2125559\n";
const PERSONAL: &str = "Bob Smith, bob@example.com, +1 212-555-0123, card 4111 1111 1111 1111, \
    536-22-1234, 203.0.113.7\n";
const UMLAUT: &str = "Größere Mengen überträgt das Gerät später; 世界 sagt hallo. Приём, слышно?\n";

fn main() -> io::Result<()> {
    let start = Instant::now();
    let engine = Engine::builtin(&Settings::default());
    let built = start.elapsed();
    let first = Instant::now();
    black_box(engine.scan("text", PERSONAL));
    let mut out = io::stdout().lock();
    writeln!(out, "engine built in {built:?}, first scan in {:?}", first.elapsed())?;
    writeln!(out, "{:<22} {:>9} {:>10} {:>9}", "text", "bytes", "per scan", "MB/s")?;
    let wanted: Vec<String> = env::args().skip(1).collect();
    let own = [
        ("prose", PROSE),
        ("code", CODE),
        ("numbers", TABLE),
        ("personal", PERSONAL),
        ("unicode", UMLAUT),
    ];
    let mut texts: Vec<(String, String)> = own
        .map(|(name, line)| (name.to_owned(), line.to_owned()))
        .into_iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
        .collect();
    for path in wanted.iter().filter(|name| name.contains(['.', '/'])) {
        texts.push((path.clone(), fs::read_to_string(path)?));
    }
    for (name, line) in texts {
        for length in [1 << 10, 4 << 10, 64 << 10, 1 << 20] {
            let mut text = line.repeat(length / line.len() + 1);
            text.truncate(text.floor_char_boundary(length));
            let (bytes, best) = (text.len(), best(&engine, &text));
            let rate = bytes as f64 / best.as_secs_f64() / 1e6;
            writeln!(out, "{name:<22} {bytes:>9} {best:>10.1?} {rate:>9.0}")?;
        }
    }
    Ok(())
}

/// The shortest of several scans, as the rest is the machine's noise.
fn best(engine: &Engine, text: &str) -> Duration {
    let rounds = (4 << 20) / text.len() + 5;
    let once = || {
        let start = Instant::now();
        black_box(engine.scan("text", black_box(text)));
        start.elapsed()
    };
    (0..rounds).map(|_| once()).min().unwrap_or_default()
}
