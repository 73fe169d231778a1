//! Callers that leave at any byte of their answers: every call has its settlement, nothing is charged
//! below what the provider billed, and once its export is reconciled hardly more.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use simulator::Behaviour;
use support::{Database, LedgerRow, chat, eventually, streamed};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::reconcile::{Stage, nanos, openai_page};

const LEAVES_SHORT: u64 = 200;
const LEAVES_FULL: u64 = 10_000;
/// So many are there at the same time.
const CALLERS: u64 = 16;
/// A little more than a whole answer has.
const BYTES_MAX: u64 = 20_000;
const SETTLED_MAX: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
fn leaves() -> u64 {
    if std::env::var_os("ORCHESTACK_FULL").is_some() { LEAVES_FULL } else { LEAVES_SHORT }
}

/// A number that looks random and is the same in every run (SplitMix64).
const fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Asks, reads so many bytes of what comes, and is gone: in order, or with a reset. Gives how many came.
async fn leave(address: &str, key: &str, number: u64) -> u64 {
    let chance = scattered(number);
    let text = format!("Call {number}.");
    let body = match chance % 4 {
        0 => chat("our-plain", &text),
        _ => streamed("our-plain", &text),
    };
    // Every other one leaves early: most of a plain answer comes at once.
    let most = if chance.is_multiple_of(2) { 1_500 } else { BYTES_MAX };
    let (bytes, reset) = ((chance >> 8) % most, (chance >> 40).is_multiple_of(2));
    let body = body.to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("the gateway listens");
    stream.write_all(head.as_bytes()).await.expect("the request is sent");
    let mut came = 0;
    let mut buffer = [0; 512];
    while came < bytes {
        let room = usize::try_from((bytes - came).min(512)).unwrap();
        match stream.read(&mut buffer[..room]).await {
            Ok(0) | Err(_) => break,
            Ok(some) => came += u64::try_from(some).unwrap(),
        }
    }
    if reset {
        stream.set_zero_linger().expect("a socket");
    }
    came
}

/// What is wrong with what was charged.
fn fault(ledger: &[LedgerRow], calls: u64, billed: i64) -> Option<String> {
    let charged: i64 = ledger.iter().map(|row| row.amount + row.overrun).sum();
    let settled = ledger.iter().filter(|row| row.kind == "settlement").count();
    if u64::try_from(settled).unwrap() < calls {
        return Some(format!("{settled} settlements of {calls} calls"));
    }
    (charged < billed).then(|| format!("{charged} charged, {billed} billed"))
}

async fn leave_at_any_byte(database: Database) {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(database, folder.path(), false).await;
    let behaviour =
        Behaviour { output_tokens: Some(80), chunk_delay_ms: 1, ..Behaviour::default() };
    stage.simulator.script(behaviour, Vec::new());
    let address: Arc<str> = stage.server.gateway().trim_start_matches("http://").into();
    let key: Arc<str> = stage.caller.key().into();
    let started = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let (address, key) = (Arc::clone(&address), Arc::clone(&key));
        tokio::spawn(async move {
            let mut came = 0;
            for number in (caller..leaves()).step_by(usize::try_from(CALLERS).unwrap()) {
                came += leave(&address, &key, number).await;
            }
            came
        })
    });
    let came: u64 = futures::future::join_all(callers).await.into_iter().map(Result::unwrap).sum();
    eventually("every call is settled", SETTLED_MAX, async || {
        (stage.simulator.bill_total().open == 0 && stage.rows.open_holds().await == 0).then_some(())
    })
    .await;
    stage.rows.catch_up().await;
    let (ledger, calls) = (stage.rows.ledger().await, stage.simulator.bill_total().calls);
    let billed = stage.billed();
    let bill = nanos(&billed);
    assert_eq!(fault(&ledger, calls, bill), None);
    let holds = stage.rows.holds().await;
    assert!(holds.iter().all(|hold| hold.state == "settled"), "{holds:?}");
    assert_eq!(holds.len(), ledger.len(), "a row for each call, and one only");
    // The check itself sees a charge that is missing, and one that is too low.
    assert!(fault(&ledger[1..], u64::try_from(ledger.len()).unwrap(), bill).is_some());
    assert!(fault(&ledger, calls, i64::MAX).is_some());

    let before = stage.charged().await;
    let file = stage.export("usage", |from, to| openai_page(&billed, from, to)).await;
    let found = stage.reconcile(&file, &["--apply"]);
    let after = stage.charged().await;
    let of = |basis: &str| ledger.iter().filter(|row| row.basis == basis).count();
    println!(
        "{} leaves in {:?}, {came} bytes read, {calls} calls billed {bill}: {} by the provider's word, {} \
         counted, {} whole; charged {before}, reconciled {after}",
        leaves(),
        started.elapsed(),
        of("provider"),
        of("counted"),
        of("worst_case"),
    );
    assert!((bill..=bill + bill / 20).contains(&after), "{after} charged, {bill} billed: {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_at_any_byte_pays_the_bill_and_no_more_on_sqlite() {
    leave_at_any_byte(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_at_any_byte_pays_the_bill_and_no_more_on_postgres() {
    leave_at_any_byte(Database::Postgres).await;
}
