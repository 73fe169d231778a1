//! Runs the canary, and turns what it found into a report.

use std::{net::TcpListener, time::Duration};

use super::{Local, mark};
use crate::{
    Driver, End, Error, Guard, Isolation, Layer, Limits, Outcome, Spec, canary::Found,
    driver::Command,
};

/// Runs a program that looks around within a sandbox. `no_tree` is why there are no control groups.
pub(super) async fn around(local: &Local, no_tree: Option<&String>) -> Isolation {
    let mut layers = match inside(local).await {
        Ok(found) => judge(&found),
        Err(why) => vec![(Layer::Namespaces, Guard::Absent(why))],
    };
    let enforced = |what: &str| Guard::Enforced(what.to_owned());
    layers.push(match local.users {
        true => (Layer::User, enforced("a user for each sandbox")),
        false => (Layer::User, Guard::Absent("only root can give each sandbox a user".into())),
    });
    match (&local.tree, no_tree) {
        (Some(tree), _) => {
            let guard = enforced(tree.name());
            let both = [Layer::Memory, Layer::Cpu].map(|layer| (layer, guard.clone()));
            layers.extend(both);
        }
        (None, why) => {
            let why = why.map_or("no control groups", String::as_str);
            layers.push((Layer::Memory, Guard::Watched(format!("memory of processes; {why}"))));
            layers.push((Layer::Cpu, Guard::Watched(format!("who took more stands still; {why}"))));
        }
    }
    layers.push((Layer::Processes, enforced("a limit counted within the user namespace")));
    layers.push((
        Layer::Disk,
        Guard::Watched("the workspace's size and the disk's free space".into()),
    ));
    Isolation { layers }
}

/// What the canary found, or why it says nothing.
async fn inside(local: &Local) -> Result<Found, String> {
    remove_left(local).await;
    let name = format!("{CANARY}{}", mark::new());
    let mut spec = Spec::new(name.parse().map_err(|error: Error| error.to_string())?);
    spec.limits = Limits { wall: Duration::from_secs(20), ..Limits::default() };
    // A place of its own: it sings where all others are taken, too.
    let first = local.options.slots;
    let made = local.make(&spec, first..first.saturating_add(CANARIES_MAX));
    let handle = made.map_err(|error| error.to_string())?;
    let outcome = look(local, &handle).await;
    let _ = local.stop(&handle).await;
    let outcome = outcome.map_err(|error| error.to_string())?;
    match outcome.exit.end {
        End::Status(0) => serde_json::from_slice(&outcome.stdout)
            .map_err(|_| "the canary says nothing that can be read".to_owned()),
        _ => Err(cause(&outcome)),
    }
}

/// What canaries are called, with the mark of their process behind it.
pub(super) const CANARY: &str = "canary-";
/// Drivers that are opened at the same time.
const CANARIES_MAX: u32 = 16;

/// Removes the canaries of processes that were killed: each has the place of a sandbox.
async fn remove_left(local: &Local) {
    for name in local.root.names() {
        if name.as_str().strip_prefix(CANARY).is_some_and(mark::is_left) {
            // Another driver may be removing it too.
            let _ = local.remove(&name).await;
        }
    }
}

async fn look(local: &Local, handle: &crate::Handle) -> Result<Outcome, Error> {
    // It must not be reached from within.
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::io("cannot listen"))?;
    let port = listener.local_addr().map_err(Error::io("cannot listen"))?.port();
    let mut words = vec!["/run/orchestack/helper".to_owned()];
    words.extend_from_slice(&local.helper_words);
    words.extend(["probe".to_owned(), port.to_string()]);
    local.exec(handle, &Command::new("canary", words)).await
}

/// Why no sandbox starts here, and what to do about it.
fn cause(outcome: &Outcome) -> String {
    let said = String::from_utf8_lossy(&outcome.stderr);
    let said: String = said.lines().last().unwrap_or_default().chars().take(300).collect();
    let advice = match said.as_str() {
        text if text.contains("No such file or directory (os error 2)") => {
            "install bubblewrap (Debian's package `bubblewrap`)"
        }
        text if text.contains("uid map") || text.contains("new namespace") => {
            "user namespaces are not permitted here; see kernel.unprivileged_userns_clone, \
             user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns of sysctl"
        }
        text if text.contains("Can't find source path") => {
            "users of sandboxes cannot pass through the folders above the sandboxes' root"
        }
        text if text.contains("Can't mount proc") => {
            "a container hides parts of /proc; run outside it, or with all of /proc"
        }
        _ => "run `orchestack doctor`",
    };
    format!("a sandbox does not start ({said}): {advice}")
}

fn judge(found: &Found) -> Vec<(Layer, Guard)> {
    let hold = |holds: bool, what: &str, why: String| match holds {
        true => Guard::Enforced(what.to_owned()),
        false => Guard::Absent(why),
    };
    let alone = format!(
        "interfaces {:?}, this machine answers: {}, a way out: {}",
        found.interfaces, found.reached, found.routed
    );
    let files = format!("there: {:?}, can be written: {:?}", found.seen, found.written);
    let clean = found.seen.is_empty() && found.written.is_empty();
    let powers = format!("capabilities {} are left", found.capabilities);
    vec![
        (Layer::Namespaces, Guard::Enforced("bubblewrap".into())),
        (Layer::Capabilities, hold(found.is_powerless(), "none, and none to come", powers)),
        (Layer::NestedNamespaces, hold(!found.nested, "refused", "can be made".into())),
        (
            Layer::Seccomp,
            hold(found.seccomp == 2, "a list of system calls", format!("mode {}", found.seccomp)),
        ),
        (Layer::Network, hold(found.is_alone(), "a loopback interface only", alone)),
        (Layer::Files, hold(clean, "programs to read, the workspace to write", files)),
        (
            Layer::Landlock,
            hold(
                found.ruled,
                "rules on what is opened, beside the mounts",
                "this kernel has no Landlock, or that of before 5.19".into(),
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            capabilities: "0".repeat(64),
            no_new_privileges: true,
            seccomp: 2,
            nested: false,
            interfaces: vec!["lo".into()],
            reached: false,
            routed: false,
            seen: Vec::new(),
            written: Vec::new(),
            ruled: true,
        }
    }

    #[track_caller]
    fn check(break_it: impl FnOnce(&mut Found), broken: Layer) {
        let mut found = found();
        break_it(&mut found);
        let absent: Vec<Layer> = judge(&found)
            .into_iter()
            .filter(|(_, guard)| matches!(guard, Guard::Absent(_)))
            .map(|(layer, _)| layer)
            .collect();
        assert_eq!(absent, [broken]);
    }

    #[test]
    fn what_the_canary_finds_is_what_the_report_says() {
        assert!(judge(&found()).iter().all(|(_, guard)| matches!(guard, Guard::Enforced(_))));
        check(|found| found.capabilities.push('1'), Layer::Capabilities);
        check(|found| found.no_new_privileges = false, Layer::Capabilities);
        check(|found| found.seccomp = 0, Layer::Seccomp);
        check(|found| found.nested = true, Layer::NestedNamespaces);
        check(|found| found.interfaces.push("eth0".into()), Layer::Network);
        check(|found| found.reached = true, Layer::Network);
        check(|found| found.routed = true, Layer::Network);
        check(|found| found.seen.push("/root".into()), Layer::Files);
        check(|found| found.written.push("/usr/.probe".into()), Layer::Files);
        check(|found| found.ruled = false, Layer::Landlock);
    }
}
