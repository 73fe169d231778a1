//! State folders, databases that keep everybody waiting, and what must hold whatever happened.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use sqlx::{AnyConnection, Connection as _};
use store::{Options, Store};

use crate::support::Database;

/// A state folder with a journal.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    pub(crate) fn options(&self, database: &Database) -> Options {
        Options {
            journal: Some(self.journal()),
            owner: "fast".to_owned(),
            // Only the tests that are about it have slices go back: the machine may be busy.
            slice_idle: Duration::from_secs(3600),
            ..database.options()
        }
    }

    /// With slices that go back as they do in a server.
    pub(crate) async fn open_as_served(&self, database: &Database) -> Store {
        let slice_idle = Options::default().slice_idle;
        Store::open(&Options { slice_idle, ..self.options(database) }).await.unwrap()
    }

    pub(crate) async fn open(&self, database: &Database) -> Store {
        Store::open(&self.options(database)).await.unwrap()
    }

    /// As a process leaves it that is killed: what it wrote is there and its lock is gone.
    pub(crate) fn killed(&self) -> Self {
        let copy = Self::new();
        std::fs::create_dir(copy.journal()).unwrap();
        for file in self.files() {
            std::fs::copy(&file, copy.journal().join(file.file_name().unwrap())).unwrap();
        }
        copy
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.journal()).unwrap().map(|entry| entry.unwrap().path());
        found.filter(|path| path.extension().is_some_and(|end| end == "journal")).collect()
    }
}

/// Keeps every writer of the database waiting until it is dropped.
pub(crate) struct Busy(Option<AnyConnection>);

impl Busy {
    pub(crate) async fn new(database: &Database) -> Self {
        let mut raw = database.raw().await;
        let sqlite = database.url.starts_with("sqlite");
        let begin = if sqlite { "begin immediate" } else { "begin" };
        sqlx::query(begin).execute(&mut raw).await.unwrap();
        if !sqlite {
            let lock = "lock table accounts, holds, slices in access exclusive mode";
            sqlx::query(lock).execute(&mut raw).await.unwrap();
        }
        Self(Some(raw))
    }

    pub(crate) async fn end(mut self) {
        let mut raw = self.0.take().unwrap();
        sqlx::query("rollback").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    }
}

/// Rows add up, whatever they came through.
pub(crate) async fn assert_sound(database: &Database) {
    let wrong = "select \
        (select count(*) from accounts where settled + held > cap or settled < 0 or held < 0) \
        + (select count(*) from accounts where held <> \
           (select coalesce(sum(amount), 0) from holds where state in ('held', 'dispatched')) \
           + (select coalesce(sum(amount), 0) from slices)) \
        + (select count(*) from accounts where settled <> \
           (select coalesce(sum(amount), 0) from ledger)) \
        + (select count(*) from slices where amount < 0 or charged < 0)";
    assert_eq!(database.count(wrong).await, 0, "the rows do not add up");
}

pub(crate) async fn eventually(done: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !done().await {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
