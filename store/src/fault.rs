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
    if reached(name) {
        end();
    }
}

/// Whether a point is to end the process now; never where there are none.
fn reached(name: &'static str) -> bool {
    let _ = name;
    fail::fail_point!(name, |_| true);
    false
}

/// Nothing runs after this: no destructor, no flush, no other thread.
fn end() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
