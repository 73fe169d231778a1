//! What a disk does to the journal: it is full, or it does not keep what was written.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    process::Command,
    time::Duration,
};

use serde_json::json;
use simulator::{Behaviour, Price, Simulator};
use support::{
    Answer, Caller, Database, ModelSpec, Rows, Setup, chat, eventually, provider, streamed,
};

const STEP_MAX: Duration = Duration::from_secs(30);
/// Of the journal's disk.
const DISK_BYTES: u64 = 8 << 20;
/// Calls within which what was allocated before the disk was full is used up.
const CALLS_MAX: usize = 2_000;

async fn prepared() -> (Setup, Simulator) {
    let simulator = provider(&[("sim", Price::dollars_per_million(3, 15))]).await;
    let mut setup = Setup::new(Database::Sqlite).await;
    setup
        .set("ledger.lease", "5s")
        .set("ledger.reaper_period", "500ms")
        // A loaded machine may be too slow for the default.
        .set("ledger.admission_timeout", "20s");
    setup.tree().openai_provider("sim", &simulator, "cloud").model(ModelSpec {
        id: "sim",
        provider: "sim",
        price: Some(("3.00", "15.00")),
    });
    (setup, simulator)
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("a file on the journal's disk");
    let mut piece = vec![1_u8; 64 << 10];
    loop {
        match file.write_all(&piece) {
            Ok(()) => {}
            Err(_) if piece.len() > 1 => piece.truncate(piece.len() / 2),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
                return;
            }
        }
    }
}

/// Waits until nothing is open: every call has its row then, and all together are no less than the bill.
async fn assert_charged(rows: &Rows, simulator: &Simulator) {
    eventually("everything is settled", STEP_MAX, async || {
        (rows.open_holds().await == 0 && simulator.bill_total().open == 0).then_some(())
    })
    .await;
    rows.catch_up().await;
    let (ledger, bill) = (rows.ledger().await, simulator.bill_total());
    assert_eq!(ledger.len(), usize::try_from(bill.calls).unwrap());
    let charged: i64 = ledger.iter().map(|row| row.amount).sum();
    assert!(charged >= i64::try_from(bill.nanos).unwrap(), "{charged} charged, {bill:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_calls_and_settles_what_runs() {
    let (mut setup, simulator) = prepared().await;
    setup.disk("state/journal", DISK_BYTES);
    let server = setup.start().await;
    let (caller, rows) = (Caller::new(&server, "default"), Rows::of(&server).await);
    caller.ask(&chat("sim", "Is there room?")).await.assert_answered("sim");

    // It would go on for half a minute and more.
    let slow = Behaviour { output_tokens: Some(4_000), chunk_delay_ms: 10, ..Behaviour::default() };
    simulator.script(slow, Vec::new());
    let mut long = streamed("sim", "Go on.");
    long["max_tokens"] = json!(4_000);
    let running = caller.request(&long).send().await.unwrap();
    assert_eq!(running.status(), 200);
    simulator.script(Behaviour::default(), Vec::new());

    let filler = server.within("state/journal/filler");
    fill(&filler);
    let refused = refused(&caller).await;
    refused.assert_refused(503, "dependency_unavailable");
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    // Nothing went out for what was refused.
    let bytes = simulator.bytes_received();
    caller.ask(&chat("sim", "And now?")).await.assert_refused(503, "dependency_unavailable");
    assert_eq!(simulator.bytes_received(), bytes);

    assert_eq!(simulator.bill_total().open, 1, "the stream goes on");
    drop(running);
    eventually("the stream is settled on a full disk", STEP_MAX, async || {
        rows.ledger().await.iter().any(|row| row.basis == "counted").then_some(())
    })
    .await;

    std::fs::remove_file(&filler).unwrap();
    eventually("calls are taken again", STEP_MAX, async || {
        (caller.ask(&chat("sim", "Again?")).await.status == 200).then_some(())
    })
    .await;
    assert_charged(&rows, &simulator).await;
}

/// Calls until one is refused: some room is allocated ahead.
async fn refused(caller: &Caller) -> Answer {
    for number in 0..CALLS_MAX {
        let answer = caller.ask(&chat("sim", &format!("Call {number}."))).await;
        if answer.status != 200 {
            return answer;
        }
    }
    panic!("{CALLS_MAX} calls went through on a full disk");
}

/// Builds the library that makes flushes fail.
fn flush_library(folder: &Path) -> String {
    let library = folder.join("flush.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/it/disk/flush.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .args([source, "-ldl"])
        .status();
    assert!(built.expect("`cc` runs").success(), "flush.c cannot be built");
    library.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_fails_ends_the_process_and_its_calls_are_in_the_books() {
    let folder = tempfile::tempdir().unwrap();
    let sign = folder.path().join("fail");
    let (mut setup, simulator) = prepared().await;
    setup
        .variable("LD_PRELOAD", &flush_library(folder.path()))
        .variable("FLUSH_FAILS_WITH", &sign.display().to_string());
    let mut server = setup.start().await;
    let (mut caller, rows) = (Caller::new(&server, "default"), Rows::of(&server).await);
    // With the library in place and the disk well, calls are answered.
    caller.ask(&chat("sim", "Is the disk well?")).await.assert_answered("sim");

    OpenOptions::new().create_new(true).write(true).open(&sign).unwrap();
    // Its record may be the last that is flushed in vain: the caller may or may not hear its answer.
    let sent = caller.request(&chat("sim", "And now?")).send().await;
    drop(sent);
    let status = eventually("the process ends", STEP_MAX, async || server.ended()).await;
    assert_eq!(status.code(), Some(74), "{status}: {}", server.log());
    assert!(server.log().contains("the disk failed to keep the journal"), "{}", server.log());

    // A disk that still fails keeps it from starting.
    assert!(!server.begin().await, "it started on a disk that keeps nothing");
    std::fs::remove_file(&sign).unwrap();
    server.restart().await;
    caller.moved(&server);
    caller.ask(&chat("sim", "Is it well again?")).await.assert_answered("sim");
    eventually("everything is settled", STEP_MAX, async || {
        (rows.open_holds().await == 0 && simulator.bill_total().open == 0).then_some(())
    })
    .await;
    rows.catch_up().await;
    // The call that ran when the process ended is charged at least what it was billed.
    let (ledger, bill) = (rows.ledger().await, simulator.bill_total());
    let calls = usize::try_from(bill.calls).unwrap();
    assert!((2..=3).contains(&calls) && (calls..=3).contains(&ledger.len()), "{ledger:?} {bill:?}");
    let charged: i64 = ledger.iter().map(|row| row.amount).sum();
    assert!(charged >= i64::try_from(bill.nanos).unwrap(), "{ledger:?} {bill:?}");
    let verdict = server.json(&["audit", "verify"]);
    assert_eq!(verdict["ok"], json!(true), "{verdict}");
}
