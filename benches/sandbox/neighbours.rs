//! Neighbours: fixed work in a sandbox, alone and beside one that takes what it can get, in turn.

use std::{sync::Arc, time::Duration};

use sandbox::{Command, Driver, Handle, Local, Spec};
use tokio::task::JoinHandle;

use crate::quantile;

/// What the neighbours do. The first does nothing: what its row shows is how far to trust the others.
const HOSTILE: [(&str, &str); 6] = [
    ("nobody", ""),
    ("fork bomb", "f() { f | f & f; }; f"),
    ("memory hog", "perl -e '$x .= \"x\" x 1048576 while 1'"),
    ("disk filler", "while :; do dd if=/dev/zero of=f$((i=i+1)) bs=1M count=64 conv=fsync; done"),
    ("log flood", "yes & yes >&2"),
    ("processor spinner", "for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; wait"),
];

/// The fixed work: pieces of arithmetic and of a small file each, and how many microseconds each took.
const WORK: &str = r#"
perl -MTime::HiRes=time -e '
for $piece (1..150) {
    $begun = time;
    $x = ($x * 1103515245 + 12345) % 4294967296 for 1..40000;
    open F, ">", "piece"; print F "x" x 65536; close F; rename "piece", "done";
    printf "%d\n", (time - $begun) * 1e6;
}'"#;

/// What the neighbour does that every figure is held against: it is there, and asks for nothing.
const IDLE: &str = "sleep 1000";

/// By how much later the work begins each round, of six.
const PHASE: Duration = Duration::from_millis(330);

/// Whom to compare with, and for how long.
pub(crate) struct Wish {
    pub(crate) rounds: usize,
    /// Only those whose name has this in it.
    pub(crate) beside: Option<String>,
    /// How long the neighbour is at it before the work begins.
    pub(crate) head_start: Duration,
}

pub(crate) async fn compare(driver: &Arc<Local>, wish: &Wish) {
    let mut spec = Spec::new("quiet".parse().unwrap());
    let quiet = driver.create(&spec).await.unwrap();
    spec.name = "neighbour".parse().unwrap();
    spec.limits.memory_bytes = 256 << 20;
    spec.limits.disk_bytes = 256 << 20;
    println!(
        "| neighbour | pieces | p50 ms beside idle | p99 ms | p50 ms beside it | p99 ms | p99 x | \
         quarter to three quarters | idle against idle x | quarter to three quarters |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (name, script) in HOSTILE {
        if wish.beside.as_deref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let scripts = [IDLE, IDLE, script];
        let (mut all, mut ratios) = ([const { Vec::new() }; 3], [const { Vec::new() }; 2]);
        for round in 0..wish.rounds {
            // Not always the same moment of what the neighbour does over and over.
            let after = wish.head_start + PHASE * u32::try_from(round % 6).unwrap();
            let mut times = [const { Vec::new() }; 3];
            // Which comes first changes, or what grows over time would be the neighbour's.
            for turn in 0..3 {
                let which = (round + turn * if round % 2 == 0 { 1 } else { 2 }) % 3;
                times[which] = work_beside(driver, &quiet, &spec, scripts[which], after).await;
            }
            let [idle, control, hostile] = [0, 1, 2].map(|which| quantile(&mut times[which], 0.99));
            ratios[0].extend([hostile / idle, hostile / control]);
            ratios[1].push(control / idle);
            for (all, mut times) in all.iter_mut().zip(times) {
                all.append(&mut times);
            }
        }
        let [mut idle, mut control, mut beside] = all;
        idle.append(&mut control);
        let mut at = |which: usize, part| quantile(&mut ratios[which], part);
        println!(
            "| {name} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} to {:.2} | {:.2} | {:.2} to {:.2} |",
            beside.len(),
            quantile(&mut idle, 0.5),
            quantile(&mut idle, 0.99),
            quantile(&mut beside, 0.5),
            quantile(&mut beside, 0.99),
            at(0, 0.5),
            at(0, 0.25),
            at(0, 0.75),
            at(1, 0.5),
            at(1, 0.25),
            at(1, 0.75),
        );
    }
}

/// Milliseconds of each piece.
async fn work(driver: &Local, sandbox: &Handle) -> Vec<f64> {
    let outcome = driver.exec(sandbox, &Command::shell(key(), WORK)).await.unwrap();
    assert!(outcome.is_success(), "{outcome:?}");
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    text.lines().map(|line| line.parse::<f64>().expect("microseconds") / 1000.0).collect()
}

async fn work_beside(
    driver: &Arc<Local>,
    sandbox: &Handle,
    hostile: &Spec,
    script: &'static str,
    head_start: Duration,
) -> Vec<f64> {
    if script.is_empty() {
        tokio::time::sleep(head_start).await;
        return work(driver, sandbox).await;
    }
    let neighbour = driver.create(hostile).await.unwrap();
    let task = torment(driver, neighbour.clone(), script);
    tokio::time::sleep(head_start).await;
    let times = work(driver, sandbox).await;
    task.abort();
    driver.stop(&neighbour).await.unwrap();
    times
}

/// Does it again whenever it is ended.
fn torment(driver: &Arc<Local>, handle: Handle, script: &'static str) -> JoinHandle<()> {
    let driver = Arc::clone(driver);
    tokio::spawn(async move {
        while driver.exec(&handle, &Command::shell(key(), script)).await.is_ok() {
            let clean = Command::shell(key(), "rm -rf /workspace/*");
            let _ = driver.exec(&handle, &clean).await;
        }
    })
}

fn key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed).to_string()
}
