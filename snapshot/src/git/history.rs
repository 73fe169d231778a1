//! Which commits there are, and what they changed.

use config::settings::RefName;
use types::Timestamp;

use super::{Repository, error::Error};

/// Entries in one log.
const ENTRIES_MAX: usize = 1_000;
/// Characters of a subject that are told.
const SUBJECT_CHARS_MAX: usize = 200;
/// The longest text that is taken for a revision, in bytes.
const REVISION_BYTES_MAX: usize = 250;

/// One commit of the history.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its id.
    pub commit: String,
    /// Who made it, as `NAME <EMAIL>`.
    pub author: String,
    /// When it was committed.
    pub at: Timestamp,
    /// The first line of its message.
    pub subject: String,
}

impl Repository {
    /// The commits that ran or could have, the newest first, `limit` of them but at most 1,000.
    ///
    /// # Errors
    /// [`Error`] where there is no commit.
    pub async fn log(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        let head = self.head().await?;
        let count = format!("--max-count={}", limit.min(ENTRIES_MAX));
        let format = "--format=%H%x1f%an <%ae>%x1f%ct%x1f%s";
        let args = ["log", "-z", "--no-color", "--no-decorate", &count, format, &head, "--"];
        let printed = self.call(&args).run().await?;
        let lines = printed.split(|&b| b == 0).filter(|line| !line.is_empty());
        Ok(lines.filter_map(|line| entry(&String::from_utf8_lossy(line))).collect())
    }

    /// The id of the commit that a person's word names: an id or its beginning, a branch, a tag,
    /// `HEAD`, or any of them with `~N`. `HEAD`, and the name of the remote's branch or tag that
    /// the tree follows, are the commit to run.
    ///
    /// # Errors
    /// [`Error::Revision`] where it names none, or could be an option or a range of git.
    pub async fn resolve(&self, text: &str) -> Result<String, Error> {
        let unknown = || Error::Revision(text.chars().take(SUBJECT_CHARS_MAX).collect());
        let (name, back) = text.split_once('~').map_or((text, None), |(n, b)| (n, Some(b)));
        let back = match back {
            None => String::new(),
            Some("") => "~1".to_owned(),
            Some(n) if n.len() <= 6 && n.bytes().all(|b| b.is_ascii_digit()) => format!("~{n}"),
            Some(_) => return Err(unknown()),
        };
        let followed = self.remote().is_some() && name == self.options.reference.as_str();
        let base = if name == "HEAD" || followed {
            self.head().await?
        } else if text.len() <= REVISION_BYTES_MAX && name.parse::<RefName>().is_ok() {
            name.to_owned()
        } else {
            return Err(unknown());
        };
        self.find(&format!("{base}{back}^{{commit}}")).await?.ok_or_else(unknown)
    }

    /// The paths of the files that differ between two commits, in order.
    ///
    /// # Errors
    /// [`Error::Revision`] where one of the words names no commit.
    pub async fn diff_names(&self, a: &str, b: &str) -> Result<Vec<String>, Error> {
        let (a, b) = (self.resolve(a).await?, self.resolve(b).await?);
        let args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", &a, &b];
        let printed = self.call(&args).run().await?;
        let paths = printed.split(|&b| b == 0).filter(|path| !path.is_empty());
        Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut fields = line.split('\u{1f}');
    let (commit, author) = (fields.next()?.trim(), fields.next()?);
    let seconds: i64 = fields.next()?.parse().ok()?;
    let subject = fields.next()?;
    Some(Entry {
        commit: commit.to_owned(),
        author: author.to_owned(),
        at: Timestamp::default().plus_seconds(seconds),
        subject: subject.chars().take(SUBJECT_CHARS_MAX).collect(),
    })
}
