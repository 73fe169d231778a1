//! Trees in folders of their own, with real git.

mod remote;
mod signature;

use std::{path::PathBuf, process::Command};

use super::*;

/// A folder with a bare remote, a person's clone of it, and the tree of a server.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A place whose remote has one commit on `main`, made by a person.
    pub(crate) fn with_remote() -> Self {
        let place = Self::new();
        place.sh("git init -q --bare --initial-branch=main remote.git");
        place.sh("git init -q --initial-branch=main person");
        place.sh("cd person && git config user.name Ann && git config user.email ann@example.com");
        place.person("a.cedar", "one\n");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line of shell in the folder.
    #[track_caller]
    pub(crate) fn sh(&self, line: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-ec", line]).current_dir(self.folder.path()).env("HOME", self.folder.path());
        let output = shell.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {printed} {told}");
        printed
    }

    /// A person commits a file and pushes it.
    #[track_caller]
    pub(crate) fn person(&self, file: &str, text: &str) -> String {
        std::fs::write(self.path("person").join(file), text).unwrap();
        self.sh(
            "cd person && git add . && git commit -qm 'by hand' && git push -q ../remote.git main",
        );
        self.sh("git -C person rev-parse HEAD")
    }

    pub(crate) fn options(&self) -> GitOptions {
        let mut options = GitOptions::at(self.path("tree"));
        options.remote = Some(self.path("remote.git").display().to_string().parse().unwrap());
        options
    }

    pub(crate) fn tree(&self) -> Repository {
        Repository::with(self.options())
    }

    pub(crate) fn read(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.path("tree").join(file)).ok()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path("tree").join(file), text).unwrap();
    }
}

const AUTHOR: &str = "Bo <bo@orchestack>";

#[tokio::test]
async fn what_is_committed_is_what_is_read() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    assert!(!tree.exists().await);
    let files = [("policies/a.cedar", Some("one\n")), ("b.toml", Some(""))];
    let first = tree.init(&files, "start").await.unwrap();
    place.write("b.toml", "not committed");
    let files = tree.files(&first).await.unwrap();
    assert_eq!(files["policies/a.cedar"], b"one\n");
    assert_eq!(files["b.toml"], b"");
    assert_eq!(tree.uncommitted().await.unwrap(), ["b.toml"]);
    let second = tree.commit(&[("policies/a.cedar", None)], AUTHOR, "remove").await.unwrap();
    assert_ne!(first, second);
    assert_eq!(tree.files(&second).await.unwrap().len(), 1);
    assert_eq!(tree.head().await.unwrap(), second);
    assert_eq!(place.read("policies/a.cedar"), None);
    assert_eq!(place.read("b.toml").unwrap(), "not committed");
    assert_eq!(tree.sync().await.unwrap(), None);
}

#[tokio::test]
async fn a_folder_within_another_repository_is_not_taken_for_it() {
    let place = Place::new();
    place.sh("git init -q . && mkdir tree && touch x && git add x");
    place.sh("git -c user.name=a -c user.email=a@b commit -qm above");
    assert!(!Repository::at(place.path("tree")).exists().await);
}

#[tokio::test]
async fn a_commit_takes_its_own_changes_and_no_others() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    tree.init(&[("a", Some("1")), ("b", Some("1")), ("c", Some("1"))], "start").await.unwrap();
    place.write("b", "staged");
    place.sh("git -C tree add b");
    place.write("c", "changed");
    place.write("new", "untracked");
    let commit = tree.commit(&[("a", Some("2")), ("d", Some("1"))], AUTHOR, "two").await.unwrap();
    assert_eq!(tree.diff_names("HEAD~1", &commit).await.unwrap(), ["a", "d"]);
    assert_eq!(place.sh("git -C tree status --porcelain"), "M  b\n M c\n?? new");
    assert_eq!(place.read("a").unwrap(), "2");
    // Work on the same files is not overwritten, whether git knows them or not.
    for file in ["b", "c", "new"] {
        let error = tree.commit(&[(file, Some("ours"))], AUTHOR, "three").await.unwrap_err();
        assert!(matches!(error, Error::Dirty { .. }), "{file}: {error}");
        assert!(error.to_string().contains(&format!("'{file}'")), "{error}");
    }
    assert_eq!(tree.head().await.unwrap(), commit);
    let same = tree.commit(&[("a", Some("2"))], AUTHOR, "again").await.unwrap_err();
    assert!(matches!(same, Error::Unchanged), "{same}");
}

#[tokio::test]
async fn a_new_path_never_takes_the_place_of_others() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    let files = [("policies/a.cedar", Some("1")), ("tests/b.toml", Some("1"))];
    let first = tree.init(&files, "start").await.unwrap();
    let texts = |path| [(path, Some("x"))];
    for changes in [
        &texts("policies/a.cedar/README.md")[..],
        &texts("tests"),
        &[("new", Some("x")), ("new/y", Some("x"))],
        &[("new/y", Some("x")), ("new", Some("x")), ("new", None)],
    ] {
        let clash = tree.commit(changes, AUTHOR, "clash").await.unwrap_err();
        assert!(matches!(clash, Error::Clash(_)), "{changes:?}: {clash}");
        let clash = tree.commit_to("aside", changes, AUTHOR, "clash").await.unwrap_err();
        assert!(matches!(clash, Error::Clash(_)), "{changes:?}: {clash}");
    }
    assert_eq!(tree.head().await.unwrap(), first);
    // What makes room first is no clash, in whatever order it is told.
    let room = [("tests", Some("x")), ("tests/b.toml", None)];
    let commit = tree.commit(&room, AUTHOR, "room").await.unwrap();
    let files = tree.files(&commit).await.unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["policies/a.cedar", "tests"]);
}

#[tokio::test]
async fn nothing_is_written_outside_the_tree() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    tree.init(&[("a", Some("x"))], "start").await.unwrap();
    for path in ["../out", "b/../../out", "/tmp/out", ".git/hooks/pre-commit", "", ".GIT/x"] {
        let refused = tree.commit(&[(path, Some("x"))], AUTHOR, "escape").await;
        assert!(refused.is_err(), "{path}");
    }
    assert!(!place.path("out").exists());
    assert_eq!(place.sh("ls -A tree; ls tree/.git | grep orchestack || true"), ".git\na");
}

#[tokio::test]
async fn a_link_in_the_tree_is_refused_and_never_made() {
    let place = Place::with_remote();
    place.sh("cd person && ln -s /etc/passwd link && head -c 1048577 /dev/zero > large");
    place.sh("cd person && git add . && git commit -qm link");
    place.sh("cd person && git push -q ../remote.git main");
    let tree = place.tree();
    let synced = tree.sync().await.unwrap().unwrap();
    let error = tree.files(&synced.commit).await.unwrap_err();
    let Error::Contents { faults, .. } = &error else { panic!("{error}") };
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    let large = "large: it has 1048577 bytes; split it or shorten it to at most 1048576 bytes";
    let link = "link: it is a link or a submodule, and only files are read; commit a file in its \
                place, or remove it";
    assert_eq!(told, [large, link]);
    assert!(!place.path("tree/link").is_symlink());
    assert_eq!(place.read("link").unwrap(), "/etc/passwd");
    assert!(tree.uncommitted().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_rollback_is_a_new_commit_with_the_old_files() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    let first = tree.init(&[("a", Some("1")), ("b", Some("1"))], "start").await.unwrap();
    let second = tree.commit(&[("a", Some("2")), ("c", Some("2"))], AUTHOR, "two").await.unwrap();
    let third = tree.commit(&[("b", None)], AUTHOR, "three").await.unwrap();
    let back = tree.rollback(Some(&first[..10]), "Cy <cy@x>", "back to the start").await.unwrap();
    assert_eq!(tree.files(&back).await.unwrap(), tree.files(&first).await.unwrap());
    let log = tree.log(10).await.unwrap();
    let ids: Vec<&str> = log.iter().map(|entry| entry.commit.as_str()).collect();
    assert_eq!(ids, [&back, &third, &second, &first].map(String::as_str));
    assert_eq!(
        (log[0].author.as_str(), log[0].subject.as_str()),
        ("Cy <cy@x>", "back to the start")
    );
    assert!(log[0].at.seconds() > 1_700_000_000 && tree.log(2).await.unwrap().len() == 2);
    assert_eq!((place.read("a"), place.read("c")), (Some("1".to_owned()), None));
    assert!(tree.uncommitted().await.unwrap().is_empty());
    // Without a commit, it is the one before.
    let undone = tree.rollback(None, AUTHOR, "undo").await.unwrap();
    assert_eq!(tree.files(&undone).await.unwrap(), tree.files(&third).await.unwrap());
}

#[tokio::test]
async fn a_rollback_destroys_no_work_and_goes_only_to_what_ran() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    let first = tree.init(&[("a", Some("1")), ("b", Some("1"))], "start").await.unwrap();
    let undo = tree.rollback(None, AUTHOR, "too far").await.unwrap_err();
    assert!(matches!(undo, Error::Revision(_)), "{undo}");
    let head = tree.commit(&[("a", Some("2"))], AUTHOR, "two").await.unwrap();
    place.write("a", "work");
    let error = tree.rollback(Some(&first), AUTHOR, "back").await.unwrap_err();
    assert!(matches!(error, Error::Dirty { .. }), "{error}");
    assert!(error.to_string().contains("commit, stash or discard"), "{error}");
    assert_eq!(
        (place.read("a").unwrap().as_str(), tree.head().await.unwrap()),
        ("work", head.clone())
    );
    // Work on other files is not in the way.
    place.sh("git -C tree checkout -q a");
    place.write("b", "work");
    let aside = tree.commit_to("aside", &[("z", Some("1"))], AUTHOR, "aside").await.unwrap();
    let error = tree.rollback(Some(&aside), AUTHOR, "sideways").await.unwrap_err();
    assert!(matches!(error, Error::NotAncestor { .. }), "{error}");
    let same = tree.rollback(Some("HEAD"), AUTHOR, "nowhere").await.unwrap_err();
    assert!(matches!(same, Error::Unchanged), "{same}");
    tree.rollback(Some(&first), AUTHOR, "back").await.unwrap();
    assert_eq!((place.read("a").unwrap(), place.read("b").unwrap()), ("1".into(), "work".into()));
}

#[tokio::test]
async fn a_commit_to_a_branch_leaves_what_runs_alone() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    let head = tree.init(&[("a", Some("1"))], "start").await.unwrap();
    place.write("a", "work");
    let one = tree.commit_to("proposal/x", &[("a", Some("2"))], AUTHOR, "one").await.unwrap();
    let two = tree.commit_to("proposal/x", &[("b", Some("2"))], AUTHOR, "two").await.unwrap();
    assert_eq!(tree.head().await.unwrap(), head);
    assert_eq!((place.read("a").unwrap(), place.read("b")), ("work".into(), None));
    assert_eq!(place.sh("git -C tree status --porcelain"), "M a");
    assert_eq!(tree.resolve("proposal/x~1").await.unwrap(), one);
    assert_eq!(tree.diff_names("HEAD", "proposal/x").await.unwrap(), ["a", "b"]);
    assert_eq!(tree.files(&two).await.unwrap()["a"], b"2");
    let running = tree.commit_to("main", &[("a", Some("3"))], AUTHOR, "main").await.unwrap_err();
    assert!(matches!(running, Error::Running(_)), "{running}");
    for name in ["--force", "a..b", "refs/tags/v1", "refs/heads/-x", "a b", ""] {
        let refused = tree.commit_to(name, &[("a", Some("3"))], AUTHOR, "bad").await.unwrap_err();
        assert!(matches!(refused, Error::Revision(_)), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_word_names_one_commit_or_nothing() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    let first = tree.init(&[("a", Some("1"))], "start").await.unwrap();
    let second = tree.commit(&[("a", Some("2"))], AUTHOR, "two").await.unwrap();
    place.sh("git -C tree tag v1 HEAD~1");
    for word in ["HEAD", "main", "HEAD~0", &second[..8], &second] {
        assert_eq!(tree.resolve(word).await.unwrap(), second, "{word}");
    }
    for word in ["HEAD~1", "HEAD~", "v1", "refs/tags/v1", "main~1"] {
        assert_eq!(tree.resolve(word).await.unwrap(), first, "{word}");
    }
    for word in [
        "",
        "-h",
        "--git-dir",
        "HEAD..main",
        "HEAD^",
        "HEAD~99",
        "HEAD~x",
        ":a",
        "HEAD:a",
        "@",
        "@{1}",
        "main@{0}",
        "HEAD~1~1",
        "nothing",
        "0000000",
        "a b",
        "^HEAD",
        "HEAD~9999999999",
    ] {
        let error = tree.resolve(word).await.unwrap_err();
        assert!(matches!(error, Error::Revision(_)), "{word}: {error}");
    }
}

#[tokio::test]
async fn no_hook_and_no_variable_of_git_is_obeyed() {
    let place = Place::new();
    let tree = Repository::at(place.path("tree"));
    tree.init(&[("a", Some("1"))], "start").await.unwrap();
    for hook in ["post-checkout", "pre-commit", "reference-transaction", "post-index-change"] {
        let file = place.path("tree/.git/hooks").join(hook);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, format!("#!/bin/sh\ntouch {}\n", place.path("ran").display()))
            .unwrap();
        place.sh(&format!("chmod +x {}", file.display()));
    }
    tree.commit(&[("a", Some("2"))], AUTHOR, "two").await.unwrap();
    tree.rollback(None, AUTHOR, "back").await.unwrap();
    assert!(!place.path("ran").exists());
}
