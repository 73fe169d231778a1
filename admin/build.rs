//! Has the console's files looked for again when they were built anew.

fn main() {
    println!("cargo::rerun-if-changed=../console/dist");
}
