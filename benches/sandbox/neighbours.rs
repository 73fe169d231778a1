//! Neighbours: fixed work in a sandbox, alone and beside one that takes what it can get, in turn.

use std::sync::Arc;

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

pub(crate) async fn compare(driver: &Arc<Local>, pairs: usize) {
    let mut spec = Spec::new("quiet".parse().unwrap());
    let quiet = driver.create(&spec).await.unwrap();
    spec.name = "hostile".parse().unwrap();
    spec.limits.memory_bytes = 256 << 20;
    spec.limits.disk_bytes = 256 << 20;
    println!(
        "| neighbour | pieces | alone p50 ms | p99 ms | beside p50 ms | p99 ms | p99 x, median of the pairs |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, script) in HOSTILE {
        let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for pair in 0..pairs {
            // Which of the two comes first changes, or what grows over time would be the neighbour's.
            let early = if pair % 2 == 0 { Some(work(driver, &quiet).await) } else { None };
            let mut second = work_beside(driver, &quiet, &spec, script).await;
            let mut first = match early {
                Some(first) => first,
                None => work(driver, &quiet).await,
            };
            ratios.push(quantile(&mut second, 0.99) / quantile(&mut first, 0.99));
            alone.append(&mut first);
            beside.append(&mut second);
        }
        println!(
            "| {name} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            alone.len(),
            quantile(&mut alone, 0.5),
            quantile(&mut alone, 0.99),
            quantile(&mut beside, 0.5),
            quantile(&mut beside, 0.99),
            quantile(&mut ratios, 0.5)
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
) -> Vec<f64> {
    if script.is_empty() {
        return work(driver, sandbox).await;
    }
    let neighbour = driver.create(hostile).await.unwrap();
    let task = torment(driver, neighbour.clone(), script);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
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
