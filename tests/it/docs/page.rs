//! The pages: their fenced blocks, their tables, and what a block of commands expects.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A fenced block and the comment before it.
pub(crate) struct Block {
    /// Page and line.
    pub at: String,
    pub language: String,
    /// What its comment says.
    pub test: String,
    pub body: String,
}

/// The blocks of a page.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let text = read(page);
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let at = format!("{page}:{number}");
            let inside = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
            let body = inside.map(|line| format!("{line}\n")).collect();
            let test = before.strip_prefix("<!-- test: ").and_then(|t| t.strip_suffix(" -->"));
            let test = test.unwrap_or_else(|| panic!("{at}: no comment says how this is tested"));
            blocks.push(Block { at, language: language.to_owned(), test: test.to_owned(), body });
        }
        before = line;
    }
    assert!(!blocks.is_empty(), "{page} has no example");
    blocks
}

/// The rows of the table whose first column is called `head`, without the head.
pub(crate) fn rows(page: &str, head: &str) -> Vec<Vec<String>> {
    let text = read(page);
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("| {head} |")));
    assert!(lines.next().is_some(), "{page} has no table of `{head}`");
    let table = lines.skip(1).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        // A bar within a cell is written `\|`.
        let line = line.trim_matches('|').replace("\\|", "\u{0}");
        line.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
    };
    table.map(cells).collect()
}

/// What stands in a cell's back quotes.
pub(crate) fn name(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

pub(crate) fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// A command and what it should print.
#[derive(Default)]
pub(super) struct Step {
    pub command: String,
    output: Vec<String>,
    status: String,
}

/// The steps of a block: lines of commands, then `# ` lines with their output.
pub(super) fn steps(body: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut open = false;
    for line in body.lines() {
        let told = line.strip_prefix('#').map(str::trim);
        if let Some((told, step)) = told.zip(steps.last_mut()) {
            match told.strip_prefix("(exit ").and_then(|rest| rest.strip_suffix(')')) {
                Some(status) => step.status = status.to_owned(),
                None => step.output.push(told.to_owned()),
            }
            open = false;
        } else if line.is_empty() {
            open = false;
        } else {
            if !open {
                steps.push(Step { status: "0".to_owned(), ..Step::default() });
                open = true;
            }
            if let Some(step) = steps.last_mut() {
                step.command += line;
                step.command.push('\n');
            }
        }
    }
    steps
}

impl Step {
    /// Every expected line is printed, in that order; others may stand between.
    pub fn compare(&self, at: &str, printed: &str, status: &str) {
        let Self { command, output, status: expected } = self;
        assert_eq!(status, expected, "{at}: status of\n{command}\n{printed}");
        let mut lines = printed.lines();
        for expected in output {
            let found = lines.any(|line| is_like(&squeeze(line), &squeeze(expected)));
            assert!(found, "{at}:\n{command}does not print\n{expected}\nbut\n{printed}");
        }
    }
}

/// Columns are as wide as their widest cell, which may be an id that the page does not show.
fn squeeze(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a line is as a pattern says, in which `...` stands for anything.
fn is_like(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split("...");
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
        last = Some(part);
    }
    match last {
        None => rest.is_empty(),
        Some(part) => part.is_empty() || line.ends_with(part),
    }
}

#[test]
fn a_pattern_is_the_line_but_for_its_gaps() {
    assert!(is_like("a b c", "a b c") && is_like("a b c", "a ... c") && is_like("a b c", "a..."));
    assert!(is_like("a b c", "...c") && is_like("c c", "...c"));
    assert!(!is_like("a b c", "a b") && !is_like("a b c", "b...") && !is_like("a b c", "...b"));
    let steps = steps("a \\\n  b\n# x\n# (exit 1)\n\nc\nd\n\ne\n");
    let commands: Vec<_> = steps.iter().map(|step| step.command.as_str()).collect();
    assert_eq!(commands, ["a \\\n  b\n", "c\nd\n", "e\n"]);
    assert_eq!((steps[0].status.as_str(), steps[0].output.as_slice()), ("1", &["x".into()][..]));
}
