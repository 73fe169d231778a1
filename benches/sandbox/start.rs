//! Starts: what a command waits for before it runs, and how many sandboxes there are in a second.

use std::{
    process::Command as Process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use sandbox::{Command, Driver, Handle, Local, Spec};

use crate::quantile;

/// A program that says when it began.
const CLOCK: [&str; 2] = ["date", "+%s%N"];

/// Sandboxes that are made and used at the same time for the rate.
const AT_ONCE: usize = 4;

/// Milliseconds from when somebody asked.
#[derive(Clone, Copy)]
struct Start {
    /// To when the program ran.
    begun: f64,
    /// To when its end was known.
    ended: f64,
}

/// Bare bubblewrap, a fresh sandbox and one that was used before, in turn: what else the machine does
/// hits all alike.
pub(crate) async fn times(driver: &Local, starts: usize) {
    let warm = driver.create(&Spec::new("warm".parse().unwrap())).await.unwrap();
    let mut rows: [Vec<Start>; 3] = Default::default();
    for index in 0..starts {
        rows[0].push(bare());
        let asked = SystemTime::now();
        let name = format!("fresh-{index}").parse().unwrap();
        let fresh = driver.create(&Spec::new(name)).await.unwrap();
        rows[1].push(within(driver, &fresh, "clock", asked).await);
        driver.stop(&fresh).await.unwrap();
        let key = format!("clock-{index}");
        rows[2].push(within(driver, &warm, &key, SystemTime::now()).await);
    }
    driver.stop(&warm).await.unwrap();
    println!(
        "| start of a command | runs after p50 ms | p95 ms | x bare | end known after p50 ms | p95 ms | x bare |"
    );
    println!("|---|---|---|---|---|---|---|");
    let bare = figures(&rows[0]);
    for (name, row) in ["bare bubblewrap", "fresh sandbox", "sandbox used before"].iter().zip(&rows)
    {
        let [begun, begun_95, ended, ended_95] = figures(row);
        println!(
            "| {name} | {begun:.1} | {begun_95:.1} | {:.2} | {ended:.1} | {ended_95:.1} | {:.2} |",
            begun / bare[0],
            ended / bare[2]
        );
    }
    println!();
}

/// Medians and 95th percentiles of both figures.
fn figures(row: &[Start]) -> [f64; 4] {
    let mut begun: Vec<f64> = row.iter().map(|start| start.begun).collect();
    let mut ended: Vec<f64> = row.iter().map(|start| start.ended).collect();
    let of = |values: &mut [f64]| [quantile(values, 0.5), quantile(values, 0.95)];
    let ([a, b], [c, d]) = (of(&mut begun), of(&mut ended));
    [a, b, c, d]
}

fn bare() -> Start {
    let asked = SystemTime::now();
    let mut bwrap = Process::new("bwrap");
    bwrap.args(["--unshare-user", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]);
    bwrap.args(["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"]);
    bwrap.args(["--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin"]);
    bwrap.args(["--proc", "/proc", "--dev", "/dev", "--"]).args(CLOCK).current_dir("/");
    let output = bwrap.output().unwrap();
    Start { begun: since(asked, &output.stdout), ended: ms(asked.elapsed().unwrap()) }
}

async fn within(driver: &Local, sandbox: &Handle, key: &str, asked: SystemTime) -> Start {
    let outcome = driver.exec(sandbox, &Command::new(key, CLOCK)).await.unwrap();
    let ended = ms(asked.elapsed().unwrap());
    Start { begun: since(asked, &outcome.stdout), ended }
}

/// Milliseconds to what the program wrote.
fn since(asked: SystemTime, wrote: &[u8]) -> f64 {
    let text = String::from_utf8_lossy(wrote);
    let nanos = text.trim().parse().expect("a time");
    let begun = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos);
    ms(begun.duration_since(asked).unwrap_or_default())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Sandboxes that are made, used once and removed.
pub(crate) async fn rate(driver: &Arc<Local>, time: Duration) {
    let (count, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let workers = (0..AT_ONCE).map(|worker| {
        let (driver, count) = (Arc::clone(driver), Arc::clone(&count));
        tokio::spawn(async move {
            while began.elapsed() < time {
                let number = count.fetch_add(1, Ordering::Relaxed);
                let name = format!("rate-{worker}-{number}").parse().unwrap();
                let handle = driver.create(&Spec::new(name)).await.unwrap();
                let outcome = driver.exec(&handle, &Command::new("true", ["true"])).await.unwrap();
                assert!(outcome.is_success(), "{outcome:?}");
                driver.stop(&handle).await.unwrap();
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    let rate = count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    println!(
        "{rate:.1} sandboxes a second, each made, used for one command and removed, {AT_ONCE} at once\n"
    );
}
