//! Names for what is worth nothing without the process that made it, such as a control group or a
//! folder that is half made: whoever sweeps takes away what is left of processes that ended, and
//! nothing of those that are at work.

use types::EventId;

use crate::supervise::ticks;

/// A name that nothing else has, in lower case: `PID-TICKS-ID`.
pub(crate) fn new() -> String {
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    let id = EventId::generate().to_string().to_lowercase();
    format!("{pid}-{}-{id}", ticks(pid).unwrap_or(0))
}

/// Whether a name was made by a process that ended. One that is no such name was not.
pub(crate) fn is_left(name: &str) -> bool {
    let parts: Vec<&str> = name.splitn(3, '-').collect();
    let maker = match parts.as_slice() {
        [pid, began, _] => pid.parse().ok().zip(began.parse().ok()),
        _ => None,
    };
    maker.is_some_and(|(pid, began)| ticks(pid) != Some(began))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_that_runs_has_made_is_not_left() {
        let ours = new();
        assert!(!is_left(&ours), "{ours}");
        let (pid, rest) = ours.split_once('-').unwrap();
        let (ticks, id) = rest.split_once('-').unwrap();
        // The number came again, and the process is another one.
        assert!(is_left(&format!("{pid}-1{ticks}-{id}")));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(is_left(&format!("{}-{ticks}-{id}", child.id())));
        for other in ["", "bird", "bird-1", "1-2", "-", "1--x"] {
            assert!(!is_left(other), "{other}");
        }
    }
}
