//! The model of person names: how good it is, and how it is made.
//!
//! `cargo run --release -p orchestack-dlp --example names -- eval FILE.jsonl...` prints precision,
//! recall and F1 on rows `{"text", "spans": [{"bstart", "bend", "type"}]}`; `clean PATH...` counts
//! findings per megabyte of files or folders without names; `train` is told in
//! `dlp/training/README.md`. Files that end in `.gz` are unpacked by the `gzip` command.

#[path = "../../src/eight.rs"]
#[expect(dead_code, reason = "read by the other detectors")]
mod eight;
#[path = "../../src/names/mod.rs"]
#[expect(dead_code, reason = "scores and bounds are the engine's")]
mod names;
#[path = "../../src/text.rs"]
#[expect(dead_code, reason = "read by the other detectors")]
mod text;

mod eval;
mod rows;
mod train;

use std::{env, error::Error};

pub(crate) use dlp::Term;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((command, files)) if command == "eval" => eval::eval(files),
        Some((command, paths)) if command == "clean" => eval::clean(paths),
        Some((command, files)) if command == "train" => train::train(files),
        _ => Err("give `eval FILE...`, `clean PATH...` or `train LEXICON OUTPUT FILE...`".into()),
    }
}
