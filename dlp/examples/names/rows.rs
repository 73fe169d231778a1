//! Reads labelled rows.

#![expect(clippy::indexing_slicing, reason = "a tool that stops at the first mistake")]

use std::{error::Error, fs, ops::Range, process::Command};

use serde_json::Value;

/// A text and where the names of persons stand in it, in bytes.
pub(crate) struct Row {
    pub(crate) text: String,
    pub(crate) names: Vec<Range<usize>>,
}

/// The rows of a JSON Lines file.
pub(crate) fn read(file: &str) -> Result<Vec<Row>, Box<dyn Error>> {
    let bytes = if file.ends_with(".gz") {
        Command::new("gzip").args(["-dc", file]).output()?.stdout
    } else {
        fs::read(file)?
    };
    String::from_utf8(bytes)?.lines().map(row).collect()
}

fn row(line: &str) -> Result<Row, Box<dyn Error>> {
    let value: Value = serde_json::from_str(line)?;
    let text = value["text"].as_str().ok_or("a row without text")?.to_owned();
    let mut names = Vec::new();
    for span in value["spans"].as_array().ok_or("a row without spans")? {
        if span["type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("person")) {
            let at = |key: &str| span[key].as_u64().and_then(|at| usize::try_from(at).ok());
            let (Some(start), Some(end)) = (at("bstart"), at("bend")) else {
                return Err("a span without `bstart` and `bend`".into());
            };
            names.push(start..end);
        }
    }
    Ok(Row { text, names })
}
