//! What scripts/sdks.sh installs, and what cargo built beside these tests.

use std::path::{Path, PathBuf};

/// The folder of the packages for Node.
pub fn packages() -> PathBuf {
    let folder = profile().join("../sdk-node");
    assert!(folder.join("stamp").is_file(), "{folder:?} is missing: run scripts/sdks.sh first");
    folder.join("node_modules")
}

/// An example of this crate.
pub fn example(name: &str) -> PathBuf {
    let program = profile().join("examples").join(name);
    assert!(
        program.is_file(),
        "{program:?} is missing: build the examples of orchestack-mcp first"
    );
    program
}

/// A Node that has what the conformance suite needs: the one among the packages.
pub fn node() -> PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    packages().join(format!("node-linux-{arch}/bin/node"))
}

fn profile() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(2).map(Path::to_owned).unwrap()
}
