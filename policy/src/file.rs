//! TOML files of the tree that this crate reads itself.

use serde::de::DeserializeOwned;

use crate::bundle::{Fault, Source};

/// The longest file, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;

/// Reads a whole file, or notes what is wrong with it.
pub(crate) fn toml<T: DeserializeOwned>(source: &Source, faults: &mut Vec<Fault>) -> Option<T> {
    let fault = |line, message: String, fix: &str| Fault {
        file: source.file.clone(),
        line,
        message,
        fix: fix.to_owned(),
    };
    if source.text.len() > FILE_BYTES_MAX {
        let message = format!("the file is longer than {FILE_BYTES_MAX} bytes");
        faults.push(fault(None, message, "split it into several files"));
        return None;
    }
    match toml::from_str(&source.text) {
        Ok(read) => Some(read),
        Err(error) => {
            let line = error.span().map(|span| line_at(&source.text, span.start));
            faults.push(fault(line, error.message().to_owned(), "correct it here"));
            None
        }
    }
}

/// The line, from 1, of a place in a text.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|byte| *byte == b'\n').count().saturating_add(1)
}
