//! The simulator's own durable bill: an append-only file of JSON lines.
//!
//! A call writes an `open` line before the first byte of its answer, with the worst that is known
//! then, and a `final` line with the truth when it ends or is cut. A call without a `final` line
//! counts with its worst. Lines are handed to the system one by one, so they survive a `kill -9`
//! of the simulator; they are not synced to the disk, so they need not survive a power loss.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::Price;

/// Why the bill could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened, read or written.
    #[error("cannot use the bill file `{path}`: check that its directory exists and is writable")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The sums of a bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BillTotal {
    /// Calls that were billed, open ones included.
    pub calls: u64,
    /// Calls that have not ended. They count with the worst that was known at their start.
    pub open: u64,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Nano-dollars.
    pub nanos: u64,
}

/// One line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Open(Entry),
    Final(Entry),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    call: String,
    model: String,
    input_tokens: u64,
    output_tokens: u64,
    nanos: u64,
    /// Whether the answer was sent to its end; always false in an `open` line.
    complete: bool,
}

/// The bill of one simulator.
#[derive(Debug)]
pub(crate) struct Bill {
    name: String,
    /// Tells the calls of this start from those of earlier ones in the same file.
    nonce: u128,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    file: Option<File>,
    seq: u64,
    ended: BillTotal,
    open: HashMap<String, Entry>,
}

impl Bill {
    /// Opens the file and sums up what it has.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let nonce = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros());
        let mut books = Books::default();
        let name = path.map_or_else(String::new, |path| path.display().to_string());
        if let Some(path) = path {
            let wrong = |source| Error::File { path: name.clone(), source };
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .read(true)
                .open(path)
                .map_err(wrong)?;
            let text = std::fs::read(path).map_err(wrong)?;
            // A line that a kill tore in two must not swallow the next one.
            if text.last().is_some_and(|byte| *byte != b'\n') {
                file.write_all(b"\n").map_err(wrong)?;
            }
            for line in text.split(|byte| *byte == b'\n') {
                if let Ok(line) = serde_json::from_slice(line) {
                    books.apply(line);
                }
            }
            books.file = Some(file);
        }
        Ok(Self { name, nonce, books: Mutex::new(books) })
    }

    /// Writes the `open` line of a call. The call is finalised when the returned value is dropped.
    pub(crate) fn begin(self: &Arc<Self>, ask: Begin<'_>) -> Result<Call, Error> {
        let mut books = self.lock();
        books.seq = books.seq.saturating_add(1);
        let entry = Entry {
            call: format!("sim{:x}-{}", self.nonce, books.seq),
            model: ask.model.to_owned(),
            input_tokens: ask.input_tokens,
            output_tokens: ask.output_tokens_worst,
            nanos: ask.price.cost(ask.input_tokens, ask.output_tokens_worst),
            complete: false,
        };
        let id = entry.call.clone();
        self.record(&mut books, Line::Open(entry))?;
        drop(books);
        let (price, produced) = (ask.price, ask.produced);
        Ok(Call { bill: Arc::clone(self), id, price, produced, complete: false })
    }

    /// The sums so far.
    pub(crate) fn total(&self) -> BillTotal {
        let books = self.lock();
        let mut total = books.ended;
        for entry in books.open.values() {
            total.add(entry);
            total.open = total.open.saturating_add(1);
        }
        total
    }

    fn finalise(&self, call: &Call) {
        let mut books = self.lock();
        let Some(open) = books.open.get(&call.id) else { return };
        let entry = Entry {
            output_tokens: call.produced,
            nanos: call.price.cost(open.input_tokens, call.produced),
            complete: call.complete,
            ..open.clone()
        };
        // Where the line cannot be written the call stays open and counts with its worst.
        let _ = self.record(&mut books, Line::Final(entry));
    }

    fn record(&self, books: &mut Books, line: Line) -> Result<(), Error> {
        let wrong = |source| Error::File { path: self.name.clone(), source };
        if let Some(file) = &mut books.file {
            let mut text = serde_json::to_vec(&line).map_err(|error| wrong(error.into()))?;
            text.push(b'\n');
            file.write_all(&text).map_err(wrong)?;
        }
        books.apply(line);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn apply(&mut self, line: Line) {
        match line {
            Line::Open(entry) => {
                self.open.insert(entry.call.clone(), entry);
            }
            Line::Final(entry) => {
                self.open.remove(&entry.call);
                self.ended.add(&entry);
            }
        }
    }
}

impl BillTotal {
    const fn add(&mut self, entry: &Entry) {
        self.calls = self.calls.saturating_add(1);
        self.input_tokens = self.input_tokens.saturating_add(entry.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(entry.output_tokens);
        self.nanos = self.nanos.saturating_add(entry.nanos);
    }
}

/// What is known of a call when it begins.
pub(crate) struct Begin<'a> {
    pub(crate) model: &'a str,
    pub(crate) price: Price,
    pub(crate) input_tokens: u64,
    /// The most output tokens it could have, over all choices.
    pub(crate) output_tokens_worst: u64,
    /// What it has already produced: all of it for a plain answer, nothing for a stream.
    pub(crate) produced: u64,
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call {
    bill: Arc<Bill>,
    id: String,
    price: Price,
    produced: u64,
    complete: bool,
}

impl Call {
    /// The call's id in the bill, which its answer carries as well.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Output tokens have reached the socket, that many since the start.
    pub(crate) fn produced(&mut self, tokens: u64) {
        self.produced = self.produced.max(tokens);
    }

    /// The answer was sent to its end.
    pub(crate) const fn complete(&mut self) {
        self.complete = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.bill.finalise(self);
    }
}
