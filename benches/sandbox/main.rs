//! How fast sandboxes start, how many there are in a second, and what a hostile neighbour takes away.
//! `README.md` beside it tells how to read the tables.
//!
//! `cargo bench --bench sandbox -- [--helper target/dist/orchestack] [--starts 200] [--seconds 10]
//! [--rounds 20] [--only start|rate|neighbours] [--beside fork] [--head-start 2000]`
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a bench prints, and fails as tests do"
)]

mod neighbours;
mod start;

use std::{path::Path, sync::Arc, time::Duration};

use sandbox::{Driver, Local, Options, system};

/// What is asked for.
struct Wish {
    helper: String,
    starts: usize,
    seconds: u64,
    neighbours: neighbours::Wish,
    only: Option<String>,
}

impl Wish {
    fn read() -> Self {
        let words: Vec<String> = std::env::args().collect();
        let after = |name: &str| {
            let at = words.iter().position(|word| word == name)?;
            words.get(at + 1).cloned()
        };
        let number =
            |name: &str, own| after(name).map_or(own, |word| word.parse().expect("a number"));
        Self {
            helper: after("--helper").unwrap_or(env!("CARGO_BIN_EXE_sandbox-helper").to_owned()),
            starts: number("--starts", 200),
            seconds: u64::try_from(number("--seconds", 10)).expect("a number"),
            neighbours: neighbours::Wish {
                rounds: number("--rounds", 20),
                beside: after("--beside"),
                head_start: Duration::from_millis(number("--head-start", 2000) as u64),
            },
            only: after("--only"),
        }
    }

    fn has(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

#[tokio::main]
async fn main() {
    let wish = Wish::read();
    let root = tempfile::tempdir().expect("a folder");
    let driver = Arc::new(open(root.path(), &wish.helper).await);
    for (layer, guard) in &driver.isolation().layers {
        println!("{layer:?}: {guard:?}");
    }
    if wish.has("start") {
        start::times(&driver, wish.starts).await;
    }
    if wish.has("rate") {
        start::rate(&driver, Duration::from_secs(wish.seconds)).await;
    }
    if wish.has("neighbours") {
        neighbours::compare(&driver, &wish.neighbours).await;
    }
}

async fn open(root: &Path, helper: &str) -> Local {
    let helper = std::path::absolute(helper).expect("the helper");
    let options = Options {
        root: root.to_owned(),
        helper: vec![helper.display().to_string(), "sandbox".to_owned()],
        slots: 64,
        first_user: 300_000,
        cgroup: None,
        free_bytes_min: 1 << 30,
        orphan_after: Duration::from_secs(60),
        lookup: system(),
        observer: Arc::new(|_| {}),
    };
    Local::open(options).await.expect("a driver")
}

/// The value below which this part of all is; they are sorted on the way.
fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values[((last as f64) * part).round() as usize]
}
