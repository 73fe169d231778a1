//! Measures the model.

use std::{
    error::Error,
    fs,
    io::{self, Write as _},
    ops::Range,
    path::Path,
    time::Instant,
};

use crate::{
    names::{MODEL, Names},
    rows,
    text::{Text, Work},
};

/// From this overlap on, as intersection over union, a span is the one that was looked for.
const OVERLAP_MIN: f64 = 0.5;

/// Prints precision, recall and F1 for each file; with `--sum-min SUM` at another threshold, with
/// `-v` also what was wrong.
pub(crate) fn eval(files: &[String]) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let mut names = Names::builtin();
    let files = match files {
        [flag, sum_min, files @ ..] if flag == "--sum-min" => {
            names = Names::read(MODEL, sum_min.parse()?);
            files
        }
        _ => files,
    };
    let verbose = files.first().is_some_and(|first| first == "-v");
    for file in files.iter().skip(usize::from(verbose)) {
        let (mut right, mut found, mut wanted) = (0, 0, 0);
        for row in rows::read(file)? {
            let spans = scan(names, &row.text);
            let mut left = row.names.clone();
            found += spans.len();
            wanted += row.names.len();
            for span in spans {
                match left.iter().position(|name| overlap(name, &span) >= OVERLAP_MIN) {
                    Some(at) => {
                        left.remove(at);
                        right += 1;
                    }
                    None if verbose => {
                        writeln!(out, "wrong\t{}\t{}", &row.text[span], row.text)?;
                    }
                    None => {}
                }
            }
            for name in left.into_iter().filter(|_| verbose) {
                writeln!(out, "missed\t{}\t{}", &row.text[name], row.text)?;
            }
        }
        let (precision, recall) = (ratio(right, found), ratio(right, wanted));
        let f1 = ratio(2 * right, found + wanted);
        writeln!(out, "P {precision:.3} R {recall:.3} F1 {f1:.3} of {wanted}  {file}")?;
    }
    Ok(())
}

/// Prints how many names are found per megabyte of texts that hold none, and how long it takes.
pub(crate) fn clean(paths: &[String]) -> Result<(), Box<dyn Error>> {
    let names = Names::builtin();
    let mut out = io::stdout().lock();
    for path in paths {
        let mut texts = Vec::new();
        collect(Path::new(path), &mut texts)?;
        let bytes: usize = texts.iter().map(String::len).sum();
        let start = Instant::now();
        let found: usize = texts.iter().map(|text| scan(names, text).len()).sum();
        let time = start.elapsed();
        let megabytes = bytes as f64 / 1e6;
        writeln!(
            out,
            "{:.1} names per MB, {:.1} ns per byte of {megabytes:.2} MB  {path}",
            found as f64 / megabytes,
            time.as_secs_f64() * 1e9 / bytes as f64
        )?;
    }
    Ok(())
}

fn collect(path: &Path, texts: &mut Vec<String>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), texts)?;
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        texts.push(text);
    }
    Ok(())
}

fn scan(names: Names, text: &str) -> Vec<Range<usize>> {
    let work = Work::new(u64::MAX);
    let mut spans = Vec::new();
    names.scan(Text::new(text, &work), &mut |name| spans.push(name.span));
    spans
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> f64 {
    let both = one.end.min(other.end).saturating_sub(one.start.max(other.start));
    ratio(both, one.len() + other.len() - both)
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
