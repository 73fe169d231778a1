//! Files of a workspace, from outside.

use sandbox::{Driver, Entry, Error, Kind};

use crate::support::Bench;

#[tokio::test]
async fn files_go_in_and_out() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let (driver, handle) = (&bench.driver, &bench.handle);
    driver.write(handle, "a/b/one.txt", b"1").await.unwrap();
    driver.write(handle, "/workspace/a/two.txt", b"22").await.unwrap();
    assert_eq!(
        bench.says("cat a/b/one.txt; echo more >> a/b/one.txt; stat -c %U a").await,
        "1agent"
    );
    assert_eq!(driver.read(handle, "a/b/../../a/b/one.txt", 99).await.ok(), None);
    assert_eq!(driver.read(handle, "./a/b/one.txt", 99).await.unwrap(), b"1more\n");
    driver.write(handle, "a/b/one.txt", b"new").await.unwrap();
    assert_eq!(bench.says("cat a/b/one.txt && rm -r a/b && ls a").await, "newtwo.txt");
    let entry = Entry { name: "two.txt".into(), kind: Kind::File, bytes: 2 };
    assert_eq!(driver.list(handle, "a", 10).await.unwrap(), [entry]);
    let large = driver.read(handle, "a/two.txt", 1).await.unwrap_err();
    assert!(matches!(large, Error::TooLarge { .. }), "{large}");
    let missing = driver.read(handle, "nothing", 1).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
    let folder = driver.read(handle, "a", 1).await.unwrap_err();
    assert!(matches!(folder, Error::NotA { wanted: "a file", .. }), "{folder}");
    let file = driver.list(handle, "a/two.txt", 1).await.unwrap_err();
    assert!(matches!(file, Error::NotA { wanted: "a folder", .. }), "{file}");
}

#[tokio::test]
async fn no_path_and_no_link_leads_out_of_a_workspace() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let (driver, handle) = (&bench.driver, &bench.handle);
    let secret = bench.root.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    let above = secret.parent().unwrap().display();
    bench
        .sh(&format!(
            "ln -s {above}/secret file; ln -s {above} folder; ln -s .. up; ln -s /etc etc; \
             mkdir real; ln -s real inner; echo in > real/x; mkfifo pipe"
        ))
        .await;
    for path in [
        "file",
        "folder/secret",
        "up/box.json",
        "../box.json",
        "/etc/passwd",
        "etc/passwd",
        "real/../../box.json",
        "/workspace/../etc/passwd",
        "inner/x",
        "/proc/self/environ",
    ] {
        let refused = driver.read(handle, path, 1 << 20).await.unwrap_err();
        assert!(matches!(refused, Error::Outside { .. }), "{path}: {refused}");
        let refused = driver.write(handle, path, b"x").await.unwrap_err();
        let held = matches!(refused, Error::Outside { .. } | Error::NotA { .. });
        assert!(held, "{path}: {refused}");
    }
    for path in ["folder", "up", "etc", "..", "/"] {
        let refused = driver.list(handle, path, 10).await.unwrap_err();
        let held = matches!(refused, Error::Outside { .. } | Error::NotA { .. });
        assert!(held, "{path}: {refused}");
    }
    let pipe = driver.read(handle, "pipe", 10).await.unwrap_err();
    assert!(matches!(pipe, Error::NotA { .. }), "{pipe}");
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    // The control: without the rule about links this is read.
    let linked = bench.root.path().join("boxes/box/workspace/file");
    assert_eq!(std::fs::read(linked).unwrap(), b"secret");
}
