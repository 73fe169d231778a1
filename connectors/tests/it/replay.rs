//! A client that was away is given what it missed: in order, without a gap, and nothing twice.

use serde_json::json;

use crate::support::{Site, numbers};

const MESSAGES: i64 = 40;

fn generous(settings: &mut config::settings::Webchat) {
    settings.messages_per_minute = 10_000;
    settings.messages_per_minute_per_address = 10_000;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_cut_off_again_and_again_misses_nothing_and_sees_nothing_twice() {
    let site = Site::with(generous).await;
    let token = site.token().await;
    let write = async {
        let mut socket = site.socket(json!({ "token": token, "after": i64::MAX })).await;
        for n in 1..=MESSAGES {
            socket.message(&format!("m{n}"), "text").await;
            socket.next_of("ack").await;
        }
    };
    let read = async {
        // Every third frame the connection breaks, at another place each time.
        let (mut after, mut seen, mut lasts) = (0, Vec::new(), 1);
        while after < MESSAGES {
            let mut socket = site.socket(json!({ "token": token, "after": after })).await;
            for _ in 0..lasts {
                after = socket.next_of("event").await["no"].as_i64().unwrap();
                seen.push(after);
                if after == MESSAGES {
                    break;
                }
            }
            lasts = lasts % 4 + 1;
        }
        seen
    };
    let ((), seen) = tokio::join!(write, read);
    assert_eq!(seen, (1..=MESSAGES).collect::<Vec<_>>());
    assert_eq!(numbers(&site, &token, MESSAGES).await, seen);
}

#[tokio::test]
async fn only_what_is_behind_a_number_is_replayed() {
    let site = Site::with(generous).await;
    let token = site.token().await;
    let mut socket = site.socket(json!({ "token": token })).await;
    for n in 1..=5 {
        socket.message(&format!("m{n}"), "text").await;
        socket.next_of("ack").await;
    }
    let mut later = site.socket(json!({ "token": token, "after": 3 })).await;
    assert_eq!(later.next_of("event").await["no"], 4);
    assert_eq!(later.next_of("event").await["no"], 5);
    socket.message("m6", "text").await;
    assert_eq!(later.next_of("event").await["no"], 6);
}

#[tokio::test]
async fn a_restart_tells_clients_to_come_again_and_loses_nothing() {
    let mut site = Site::start().await;
    let token = site.token().await;
    let mut socket = site.socket(json!({ "token": token })).await;
    socket.message("m1", "before").await;
    socket.next_of("ack").await;
    site.end().await;
    assert_eq!(socket.closed().await, 1012);
    // An answer is written while nobody is there.
    let claim = site.claim().await;
    site.answer(&claim, "meanwhile").await;
    site.begin().await;
    let mut socket = site.socket(json!({ "token": token, "after": 1 })).await;
    assert_eq!(socket.next_of("event").await["body"]["text"], "meanwhile");
    socket.message("m1", "before").await;
    assert_eq!(socket.next_of("ack").await["fresh"], false);
}
