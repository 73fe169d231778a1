//! Trees that follow a bare repository in the same folder.

use super::*;

#[tokio::test]
async fn the_first_sync_makes_the_tree_and_the_next_ones_move_it() {
    let place = Place::with_remote();
    let first = place.sh("git -C person rev-parse HEAD");
    let tree = place.tree();
    assert!(matches!(tree.head().await, Err(Error::NeverFetched { .. })));
    let synced = tree.sync().await.unwrap().unwrap();
    let told = Synced {
        commit: first.clone(),
        fetched: true,
        forced_from: None,
        warnings: Vec::new(),
        hidden: None,
    };
    assert_eq!(synced, told);
    assert_eq!(place.read("a.cedar").unwrap(), "one\n");
    let again = tree.sync().await.unwrap().unwrap();
    assert_eq!(again, Synced { fetched: false, ..told });
    let second = place.person("b.cedar", "two\n");
    let synced = tree.sync().await.unwrap().unwrap();
    assert_eq!((synced.commit.as_str(), synced.forced_from), (second.as_str(), None));
    assert_eq!(tree.head().await.unwrap(), second);
    assert_eq!(place.read("b.cedar").unwrap(), "two\n");
    assert!(tree.uncommitted().await.unwrap().is_empty());
    assert_eq!(place.sh("git -C tree symbolic-ref HEAD"), "refs/heads/main");
    assert_eq!(tree.resolve("main").await.unwrap(), second);
    assert_eq!(tree.resolve("main~1").await.unwrap(), first);
}

#[tokio::test]
async fn a_rewritten_history_is_taken_and_told() {
    let place = Place::with_remote();
    let first = place.sh("git -C person rev-parse HEAD");
    let old = place.person("a.cedar", "two\n");
    let tree = place.tree();
    tree.sync().await.unwrap();
    place.sh(&format!("cd person && git reset -q --hard {first}"));
    place.sh("cd person && echo three > a.cedar && git commit -qam three");
    place.sh("cd person && git push -qf ../remote.git main");
    let synced = tree.sync().await.unwrap().unwrap();
    assert_eq!(synced.forced_from.as_deref(), Some(old.as_str()));
    assert!(synced.warnings[0].contains("was rewritten"), "{:?}", synced.warnings);
    assert_eq!(synced.warnings.len(), 1);
    assert_eq!(place.read("a.cedar").unwrap(), "three\n");
    assert_eq!(place.sh(&format!("git -C tree rev-parse refs/orchestack/kept/{old}")), old);
    assert_eq!(tree.sync().await.unwrap().unwrap().forced_from, None);
}

#[tokio::test]
async fn a_tag_is_followed_and_not_edited() {
    let place = Place::with_remote();
    let first = place.sh("git -C person rev-parse HEAD");
    place.sh("cd person && git tag v1 && git push -q ../remote.git v1");
    place.person("b.cedar", "not released\n");
    let mut options = place.options();
    options.reference = "v1".parse().unwrap();
    let tree = Repository::with(options);
    assert_eq!(tree.sync().await.unwrap().unwrap().commit, first);
    assert_eq!(place.read("b.cedar"), None);
    let error = tree.commit(&[("x", Some("1"))], AUTHOR, "edit").await.unwrap_err();
    assert!(matches!(error, Error::ReadOnly(_)), "{error}");
    assert!(matches!(tree.rollback(None, AUTHOR, "x").await, Err(Error::ReadOnly(_))));
    tree.commit_to("idea", &[("x", Some("1"))], AUTHOR, "idea").await.unwrap();
    // An annotated tag, moved forward.
    place.sh("cd person && git tag -fam 'release' v1 && git push -qf ../remote.git v1");
    let synced = tree.sync().await.unwrap().unwrap();
    assert_eq!(synced.commit, place.sh("git -C person rev-parse HEAD"));
    assert_eq!(synced.forced_from, None);
    assert_eq!(tree.resolve("v1").await.unwrap(), synced.commit);
    // A name that could be both is not guessed.
    place.sh("cd person && git push -q ../remote.git HEAD:refs/heads/v1");
    let error = tree.sync().await.unwrap_err();
    assert!(matches!(error, Error::AmbiguousRef { .. }), "{error}");
    assert_eq!(tree.head().await.unwrap(), synced.commit);
}

#[tokio::test]
async fn a_remote_that_is_away_leaves_the_tree_as_it_was() {
    let place = Place::with_remote();
    let tree = place.tree();
    let commit = tree.sync().await.unwrap().unwrap().commit;
    place.sh("mv remote.git away.git");
    let error = tree.sync().await.unwrap_err();
    assert!(matches!(error, Error::Remote { .. }), "{error}");
    assert!(error.to_string().contains("remote.git"), "{error}");
    assert_eq!(tree.head().await.unwrap(), commit);
    assert_eq!(place.read("a.cedar").unwrap(), "one\n");
    place.sh("mv away.git remote.git && git -C remote.git branch -m main other");
    let error = tree.sync().await.unwrap_err();
    assert!(matches!(error, Error::NoRef { .. }), "{error}");
    assert_eq!(tree.head().await.unwrap(), commit);
}

#[tokio::test]
async fn an_empty_remote_and_a_folder_with_files_are_told() {
    let place = Place::new();
    place.sh("git init -q --bare remote.git");
    let error = place.tree().sync().await.unwrap_err().to_string();
    assert!(error.contains("orchestack init DIR") && error.contains("push"), "{error}");
    place.sh("rm -rf tree && mkdir tree && touch tree/x");
    let error = place.tree().sync().await.unwrap_err();
    assert!(matches!(error, Error::Occupied { .. }), "{error}");
    assert_eq!(place.sh("ls -A tree"), "x");
}

#[tokio::test]
async fn an_edit_becomes_a_commit_of_its_editor_at_the_remote() {
    let place = Place::with_remote();
    let tree = place.tree();
    tree.sync().await.unwrap();
    let commit = tree.commit(&[("p/new.cedar", Some("x"))], AUTHOR, "an edit").await.unwrap();
    assert_eq!(place.sh("git -C remote.git rev-parse main"), commit);
    let told = place.sh("git -C remote.git log -1 --format='%an <%ae>|%cn|%s' main");
    assert_eq!(told, "Bo <bo@orchestack>|Orchestack|an edit");
    assert_eq!(tree.head().await.unwrap(), commit);
    assert_eq!(place.read("p/new.cedar").unwrap(), "x");
    let back = tree.rollback(None, AUTHOR, "back").await.unwrap();
    assert_eq!(place.sh("git -C remote.git rev-parse main"), back);
    assert_eq!(place.read("p/new.cedar"), None);
    assert!(tree.sync().await.unwrap().unwrap().warnings.is_empty());
}

#[tokio::test]
async fn an_edit_that_the_remote_refuses_leaves_the_tree_as_the_remote_is() {
    let place = Place::with_remote();
    let tree = place.tree();
    let known = tree.sync().await.unwrap().unwrap().commit;
    let newest = place.person("b.cedar", "two\n");
    let error = tree.commit(&[("c.cedar", Some("x"))], AUTHOR, "late").await.unwrap_err();
    assert!(matches!(error, Error::PushRefused { .. }), "{error}");
    assert!(error.to_string().contains("somebody else changed it"), "{error}");
    assert_eq!(tree.head().await.unwrap(), newest);
    assert_eq!((place.read("b.cedar").unwrap(), place.read("c.cedar")), ("two\n".into(), None));
    assert!(tree.uncommitted().await.unwrap().is_empty());
    // What was taken away at the remote does not come back with an edit.
    place.sh(&format!("cd person && git push -qf ../remote.git {known}:main"));
    let error = tree.commit(&[("c.cedar", Some("x"))], AUTHOR, "late").await.unwrap_err();
    assert!(matches!(error, Error::PushRefused { .. }), "{error}");
    assert_eq!(place.sh("git -C remote.git rev-parse main"), known);
    assert_eq!(tree.head().await.unwrap(), known);
    // A branch that the remote protects.
    place.sh("git -C remote.git config receive.denyCurrentBranch refuse");
    place.sh("git -C remote.git config core.bare false");
    let error = tree.commit(&[("c.cedar", Some("x"))], AUTHOR, "late").await.unwrap_err();
    assert!(matches!(error, Error::PushRefused { .. }), "{error}");
    assert_eq!(tree.head().await.unwrap(), known);
}

#[tokio::test]
async fn a_branch_at_the_remote_grows_and_what_runs_stays() {
    let place = Place::with_remote();
    let tree = place.tree();
    let head = tree.sync().await.unwrap().unwrap().commit;
    let one = tree.commit_to("idea", &[("x", Some("1"))], AUTHOR, "one").await.unwrap();
    assert_eq!(place.sh("git -C remote.git rev-parse idea"), one);
    place.sh("cd person && git fetch -q ../remote.git idea && git checkout -q FETCH_HEAD");
    place.sh("cd person && touch y && git add . && git commit -qm y && git push -q ../remote.git HEAD:idea");
    let two = tree.commit_to("idea", &[("x", Some("2"))], AUTHOR, "two").await.unwrap();
    let names = place.sh(&format!("git -C remote.git ls-tree --name-only {two}"));
    assert_eq!(names, "a.cedar\nx\ny");
    assert_eq!(tree.head().await.unwrap(), head);
    assert_eq!(place.sh("git -C remote.git rev-parse main idea"), format!("{head}\n{two}"));
    assert_eq!((place.read("x"), tree.resolve("idea").await.unwrap()), (None, two));
    let running = tree.commit_to("main", &[("x", Some("1"))], AUTHOR, "main").await.unwrap_err();
    assert!(matches!(running, Error::Running(_)), "{running}");
}

#[tokio::test]
async fn work_in_the_folder_is_kept_and_holds_no_policy_back() {
    let place = Place::with_remote();
    let tree = place.tree();
    tree.sync().await.unwrap();
    place.write("a.cedar", "work");
    let newest = place.person("a.cedar", "two\n");
    let synced = tree.sync().await.unwrap().unwrap();
    assert_eq!(synced.commit, newest);
    assert!(
        synced.hidden.is_some_and(|why| why.contains("'a.cedar'")) && synced.warnings.is_empty()
    );
    assert_eq!(tree.head().await.unwrap(), newest);
    assert_eq!(place.read("a.cedar").unwrap(), "work");
    // A lock that a killed command left behind does not either.
    place.sh("git -C tree checkout -q a.cedar && touch tree/.git/index.lock");
    let newest = place.person("a.cedar", "three\n");
    let synced = tree.sync().await.unwrap().unwrap();
    assert!(synced.hidden.is_some_and(|why| why.contains("index.lock")));
    assert_eq!(tree.head().await.unwrap(), newest);
    place.sh("rm tree/.git/index.lock && echo work > tree/a.cedar");
    // A commit made there by hand does not run, and is not lost.
    place.sh("cd tree && git -c user.name=A -c user.email=a@b commit -qam 'in the tree'");
    let local = place.sh("git -C tree rev-parse HEAD");
    let synced = tree.sync().await.unwrap().unwrap();
    assert_eq!((&synced.commit, synced.forced_from, synced.hidden), (&newest, None, None));
    assert!(synced.warnings[0].contains(&local), "{:?}", synced.warnings);
    assert_eq!(place.sh(&format!("git -C tree show refs/orchestack/kept/{local}:a.cedar")), "work");
    assert_eq!(place.read("a.cedar").unwrap(), "three\n");
    assert!(tree.sync().await.unwrap().unwrap().warnings.is_empty());
}

#[tokio::test]
async fn what_another_remote_had_never_runs() {
    let place = Place::with_remote();
    place.tree().sync().await.unwrap();
    let mut options = place.options();
    options.remote = Some(place.path("elsewhere.git").display().to_string().parse().unwrap());
    let tree = Repository::with(options);
    assert!(tree.sync().await.is_err());
    assert!(!tree.exists().await);
}

#[tokio::test]
async fn hooks_of_the_remote_and_secrets_in_addresses_stay_out() {
    let place = Place::with_remote();
    for hook in ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"] {
        let file = place.path("remote.git/hooks").join(hook);
        std::fs::write(&file, format!("#!/bin/sh\ntouch {}\n", place.path("ran").display()))
            .unwrap();
        place.sh(&format!("chmod +x {}", file.display()));
    }
    let tree = place.tree();
    tree.sync().await.unwrap();
    tree.commit(&[("x", Some("1"))], AUTHOR, "edit").await.unwrap();
    assert!(!place.path("ran").exists());
    // Nothing listens there; what git prints of the address and the header is told without the secret.
    std::fs::write(place.path("token"), "hunter2").unwrap();
    let mut options = GitOptions::at(place.path("tree2"));
    options.remote = Some("https://127.0.0.1:1/policy.git".parse().unwrap());
    options.remote_secret = Some("file:token".parse().unwrap());
    options.secret_base = place.folder.path().to_owned();
    let error = Repository::with(options).sync().await.unwrap_err().to_string();
    assert!(error.contains("https://127.0.0.1:1/policy.git"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}
