//! Bounds that a supervisor keeps where there is no control group. Where there is one, a test runs
//! itself again in a namespace in which nobody sees it.

use super::*;

/// Runs a test of this binary once more, without control groups.
fn again(test: &str) {
    if !rustix::process::geteuid().is_root() {
        return eprintln!("only root can hide control groups");
    }
    let hide = "mount -t tmpfs none /sys/fs/cgroup && exec \"$0\" --exact \"$1\" --nocapture";
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", hide]).arg(std::env::current_exe().unwrap()).arg(test);
    let output = unshare.output().unwrap();
    let said = format!("{}{}", support::text(&output.stdout), support::text(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// A sandbox whose memory is looked at; none where this was tried in another process.
async fn watched(test: &str) -> Option<Bench> {
    let bench = Bench::new(|spec| spec.limits.memory_bytes = 96 << 20).await?;
    if matches!(bench.driver.isolation().guard(Layer::Memory), Some(Guard::Watched(_))) {
        return Some(bench);
    }
    again(test);
    None
}

#[tokio::test]
async fn memory_is_counted_of_a_process_whose_first_thread_has_ended() {
    let test = "watched::memory_is_counted_of_a_process_whose_first_thread_has_ended";
    let Some(bench) = watched(test).await else { return };
    let hidden = |count: u32| {
        format!(
            "perl -e 'use threads; $n = 20 << 20; for (1..{count}) {{ next if fork; \
             threads->create(sub {{ $x = \"x\" x $n; sleep 6 }}); syscall({}) }} sleep 4'",
            libc::SYS_exit
        )
    };
    assert_eq!(bench.sh(&hidden(6)).await.exit.end, End::OutOfMemory);
    // The control: one of them has room.
    assert_eq!(bench.sh(&hidden(1)).await.exit.end, End::Status(0));
}

#[tokio::test]
async fn no_memory_is_made_that_is_of_no_process() {
    let Some(bench) = watched("watched::no_memory_is_made_that_is_of_no_process").await else {
        return;
    };
    let script = format!(
        "perl -e 'sub made {{ my ($flags, $fd) = @_; \
         print syscall({}, 0, 1 << 20, 3, $flags, $fd, 0) == -1 ? \"held\\n\" : \"made\\n\" }} \
         open Z, \"+<\", \"/dev/zero\"; $f = \"/tmp/.mapped$$\"; open F, \"+>\", $f; unlink $f; truncate F, 1 << 20; \
         made(0x21, -1); made(0x23, -1); made(1, fileno Z); made(3, fileno Z); \
         made(0x22, -1); made(1, fileno F); made(2, fileno F);'",
        libc::SYS_mmap
    );
    let said = bench.says(&script).await;
    assert_eq!(said, "held\nheld\nheld\nheld\nmade\nmade\nmade");
    // The control: on this machine all but an unknown kind of none is made.
    assert_eq!(plainly(&script), "made\nheld\nmade\nmade\nmade\nmade\nmade");
    assert_eq!(bench.says("head -c 4 /dev/zero | od -An -tx1").await, "00 00 00 00");
    let calls = format!(
        "perl -e 'for ([{}, 0, 4096, 0700], [{}, 0, 0700], [{}, 0, 1, 0700]) {{ \
         print syscall(@$_) == -1 ? \"held\\n\" : \"made\\n\" }}'",
        libc::SYS_shmget,
        libc::SYS_msgget,
        libc::SYS_semget
    );
    assert_eq!(bench.says(&calls).await, "held\nheld\nheld");
}

#[tokio::test]
async fn memory_is_summed_over_the_commands_of_a_sandbox() {
    let test = "watched::memory_is_summed_over_the_commands_of_a_sandbox";
    let Some(bench) = watched(test).await else { return };
    exhaustion::one_of_two_is_ended(&bench).await;
}
