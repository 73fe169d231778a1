//! Prints which texts cost the most: `cargo run --release -p orchestack-dlp --example worst -- [SECONDS]`.
//!
//! Each line is a short text that is repeated to 8 KiB: first those that the tests hold within bounds
//! (`src/tests/units.json`), then the worst that a search finds in so many seconds. What it puts together
//! is parts of those, names of kinds, and signs.

use std::{
    collections::BTreeMap,
    env,
    hint::black_box,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use dlp::{Engine, Kind, Settings};

const BYTES: usize = 8 << 10;
/// What the search looks at first; only a text that is bad here is looked at in full.
const SAMPLE_BYTES: usize = 2 << 10;
/// Parts of one text, at most.
const PARTS_MAX: usize = 5;
/// Texts with the same longest part.
const ALIKE_MAX: usize = 2;
/// So many of the worst are printed.
const SHOWN: usize = 12;

const SIGNS: [&str; 32] = [
    " ", "\n", "\t", "=", ":", ": ", " = ", "\"", "'", "`", ",", ";", "/", "\\", "-", "_", ".",
    "@", "(", ")", "<", ">", "{", "}", "[", "$", "%", "+", "&", "#", "|", "é",
];
const VALUES: [&str; 10] = [
    "0",
    "1",
    "42",
    "007",
    "2024",
    "A",
    "x",
    "q7Zt3WmB9xKd5RfV1nHs",
    "2010653d5e34572134d2f8e8bf09918b",
    "hunter2",
];

/// What a text costs.
struct Cost {
    unit: String,
    nanos: f64,
    steps: f64,
}

fn main() -> io::Result<()> {
    let engine = Engine::builtin(&Settings::default());
    let mut out = io::stdout().lock();
    let units: Vec<String> = serde_json::from_str(include_str!("../src/tests/units.json"))?;
    let mut costs: Vec<Cost> = units.iter().map(|unit| cost(&engine, unit)).collect();
    costs.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
    let median = costs.get(costs.len() / 2).map_or(1.0, |cost| cost.nanos);
    writeln!(out, "median {median:.1} ns per byte")?;
    tell(&mut out, &costs, median)?;
    if let Some(seconds) = env::args().nth(1) {
        let seconds = seconds.parse().map_err(io::Error::other)?;
        let found = search(&engine, &units, Duration::from_secs(seconds));
        writeln!(out, "of a search:")?;
        tell(&mut out, &found, median)?;
    }
    Ok(())
}

/// Prints the worst, which are the last.
fn tell(out: &mut impl io::Write, costs: &[Cost], median: f64) -> io::Result<()> {
    writeln!(out, "{:>9} {:>11} {:>9}  text", "ns/byte", "steps/byte", "median x")?;
    for Cost { unit, nanos, steps } in costs.iter().rev().take(SHOWN) {
        writeln!(out, "{nanos:>9.1} {steps:>11.1} {:>9.1}  {unit:?}", nanos / median)?;
    }
    Ok(())
}

fn cost(engine: &Engine, unit: &str) -> Cost {
    let text = unit.repeat(BYTES / unit.len().max(1));
    let steps = engine.steps(&text) as f64 / text.len() as f64;
    Cost { unit: unit.to_owned(), nanos: nanos(engine, &text, 25), steps }
}

/// Nanoseconds for each byte in the shortest of several scans, as the rest is the machine's noise.
fn nanos(engine: &Engine, text: &str, rounds: usize) -> f64 {
    let once = || {
        let start = Instant::now();
        black_box(engine.scan("text", black_box(text)));
        start.elapsed()
    };
    let best = (0..rounds).map(|_| once()).min().unwrap_or_default();
    best.as_nanos() as f64 / text.len() as f64
}

/// The worst texts of random parts, in order; half of them are bad ones with a part changed.
fn search(engine: &Engine, units: &[String], time: Duration) -> Vec<Cost> {
    let words = Kind::all().flat_map(|kind| kind.as_str().split('_'));
    let mut parts: Vec<&str> = words.chain(SIGNS).chain(SIGNS).chain(VALUES).collect();
    parts.extend(units.iter().map(String::as_str));
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut worst: Vec<(Vec<&str>, f64)> = Vec::new();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let mut chosen = match random.pick(&worst) {
            Some((bad, _)) if random.below(2) == 0 => bad.clone(),
            _ => {
                (0..=random.below(PARTS_MAX)).filter_map(|_| random.pick(&parts).copied()).collect()
            }
        };
        let place = random.below(chosen.len());
        if let (Some(part), Some(other)) = (chosen.get_mut(place), random.pick(&parts)) {
            *part = other;
        }
        let unit = chosen.concat();
        if unit.is_empty() || worst.iter().any(|(other, _)| other.concat() == unit) {
            continue;
        }
        let nanos = nanos(engine, &unit.repeat(SAMPLE_BYTES / unit.len() + 1), 2);
        worst.push((chosen, nanos));
        worst.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        // Of those with the same longest part few are kept, else the search sees nothing else.
        let mut alike = BTreeMap::<_, usize>::new();
        worst.retain(|(parts, _)| {
            let count =
                alike.entry(parts.iter().max_by_key(|part| part.len()).copied()).or_default();
            *count += 1;
            *count <= ALIKE_MAX
        });
        worst.truncate(4 * SHOWN);
    }
    let mut costs: Vec<Cost> =
        worst.iter().map(|(chosen, _)| cost(engine, &chosen.concat())).collect();
    costs.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
    costs
}

/// Marsaglia's xorshift: the same search every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }
}
