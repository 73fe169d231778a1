//! `orchestack dlp fingerprint`: what a document is known by, without its words.

use std::{fs, path::Path, process::ExitCode};

use dlp::{Fingerprints, PASSAGE_WORDS};

use crate::{failure::Failure, output::Output};

pub(super) fn run(file: &Path, output: &Output) -> Result<ExitCode, Failure> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("cannot read `{name}`: {error}"), "name a text in UTF-8")
    })?;
    let fingerprints = Fingerprints::of(&text);
    if fingerprints.is_empty() {
        let message = format!("`{name}` has fewer than {PASSAGE_WORDS} words");
        return Err(Failure::usage(message, "put short texts into a dictionary of the detector"));
    }
    let told = fingerprints.to_string();
    output.show(&told.lines().collect::<Vec<_>>(), |_| told.clone());
    Ok(ExitCode::SUCCESS)
}
