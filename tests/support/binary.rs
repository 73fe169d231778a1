//! Where cargo has put what it built.

use std::path::PathBuf;

/// The folder of this profile, such as `target/debug`: tests run from `deps` below it.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let deps = test.parent().and_then(std::path::Path::parent);
    deps.expect("cargo puts tests in target/PROFILE/deps").to_owned()
}

/// Cargo's target folder.
pub fn target_folder() -> PathBuf {
    let profile = profile_folder();
    profile.parent().expect("a profile's folder is in the target folder").to_owned()
}

/// The path of a program of this workspace, such as `orchestack`.
///
/// # Panics
/// When it is not built: cargo gives a test the programs of its own package only.
pub fn binary(name: &str) -> PathBuf {
    let path = profile_folder().join(name);
    assert!(
        path.is_file(),
        "{} is missing: `make test` builds it, or `cargo build --workspace --bins`",
        path.display()
    );
    path
}
