//! Points at which a test ends the process, as `kill -9` does. Builds that are handed out have none:
//! only the tests' own build turns `fail/failpoints` on.

/// Reads from the environment (`FAILPOINTS`) which points end the process, such as
/// `settle.journaled=3*off->return`: at the fourth time.
pub fn arm() {
    // Dropping it would take the points away again.
    std::mem::forget(fail::FailScenario::setup());
}

/// A point with a name.
pub fn point(name: &'static str) {
    fail::fail_point!(name, |_| end());
}

/// Nothing runs after this: no destructor, no flush, no other thread.
fn end() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
