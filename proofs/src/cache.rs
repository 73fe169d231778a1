//! Answers remembered in one file, by the digest of everything that they depend on.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{claim::Verdict, example::Example};

/// The most answers that are kept; the ones longest unused go first.
const ENTRIES_MAX: usize = 10_000;

/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The remembered answers. A missing, damaged or foreign file is an empty cache: it costs time and
/// nothing else. Whoever can write the file can forge a proof, so it is created for its owner only.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cache {
    /// Counts the runs that used the file.
    run: u64,
    answers: BTreeMap<String, Remembered>,
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    /// The last run that used it.
    run: u64,
    answer: Known,
}

/// An answer worth keeping. What is unknown today may be known with more time tomorrow.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    Proved,
    Refuted(Value),
}

impl Cache {
    /// The cache of a file; without one it forgets everything.
    pub(crate) fn load(path: Option<&Path>) -> Self {
        let Some(path) = path else { return Self::default() };
        let mut cache = match read(path) {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| {
                let path = path.display();
                tracing::warn!(%path, %error, "no proof is remembered: the file is damaged");
                Self::default()
            }),
            Err(error) => {
                tracing::debug!(path = %path.display(), %error, "no remembered proofs");
                Self::default()
            }
        };
        cache.run = cache.run.saturating_add(1);
        cache.path = path.to_owned();
        cache
    }

    /// A remembered answer. An example is believed only if `confirms` does.
    pub(crate) fn recall(
        &mut self,
        key: &str,
        confirms: impl Fn(&Example) -> bool,
    ) -> Option<Verdict> {
        let remembered = self.answers.get_mut(key)?;
        let verdict = match &remembered.answer {
            Known::Proved => Verdict::Proved,
            Known::Refuted(request) => {
                let example = Example::from_json(request.clone()).ok().filter(confirms)?;
                Verdict::Refuted(Box::new(example))
            }
        };
        remembered.run = self.run;
        self.changed = true;
        Some(verdict)
    }

    pub(crate) fn remember(&mut self, key: String, verdict: &Verdict) {
        let answer = match verdict {
            Verdict::Proved => Known::Proved,
            Verdict::Refuted(example) => Known::Refuted(example.request.clone()),
            Verdict::Unknown(_) => return,
        };
        self.changed = true;
        self.answers.insert(key, Remembered { run: self.run, answer });
    }

    /// Writes the file if anything is new. If it cannot be, only the next run pays for it.
    pub(crate) fn save(mut self) {
        if !self.changed || self.path.as_os_str().is_empty() {
            return;
        }
        self.forget();
        if let Err(error) = self.write() {
            tracing::warn!(path = %self.path.display(), %error, "the proofs cannot be remembered");
        }
    }

    fn forget(&mut self) {
        let surplus = self.answers.len().saturating_sub(ENTRIES_MAX);
        let mut by_age: Vec<(u64, String)> =
            self.answers.iter().map(|(key, known)| (known.run, key.clone())).collect();
        by_age.sort_unstable();
        for (_, key) in by_age.into_iter().take(surplus) {
            self.answers.remove(&key);
        }
    }

    /// Beside the file and then in its place, so that no reader sees half of it.
    fn write(&self) -> io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.{number}.tmp", std::process::id()));
        let beside = PathBuf::from(name);
        let written = private(&beside)
            .and_then(|mut file| file.write_all(&serde_json::to_vec(self)?))
            .and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_longest_unused_is_forgotten_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proofs.json");
        let open = || Cache::load(Some(&path));
        let mut first = open();
        for number in 0..ENTRIES_MAX {
            first.remember(format!("{number:05}"), &Verdict::Proved);
        }
        first.save();
        let mut second = open();
        assert!(second.recall("00000", |_| true).is_some());
        second.remember("new".to_owned(), &Verdict::Proved);
        second.save();
        let third = open();
        assert_eq!(third.answers.len(), ENTRIES_MAX);
        assert!(third.answers.contains_key("00000") && third.answers.contains_key("new"));
        assert!(!third.answers.contains_key("00001"));
    }
}
