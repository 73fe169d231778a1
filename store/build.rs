//! Builds again when a migration is added: the compiler itself sees changes of known files only.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
