//! The way in and out of a service that loses answers and comes back: nothing acknowledged that is not kept,
//! nothing sent twice.

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use connectors::{
    Connector, Delivery, Inbox, Incoming, Outgoing, Receipt, Received, Sender, Stop, Trouble,
    deliver, take,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::payload;

/// What goes wrong at each act, over and over: `true` loses the answer, after the act was done or before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Before,
    After,
}

/// A service with messages to fetch, and that counts what it is sent.
struct Service {
    messages: usize,
    cursor: Mutex<usize>,
    sent: Mutex<BTreeMap<String, u32>>,
    faults: Mutex<Vec<Fault>>,
    /// How far the inbox had come at each acknowledgement.
    acknowledged: Mutex<Vec<(usize, usize)>>,
    kept: Mutex<Vec<String>>,
    done: CancellationToken,
}

impl Service {
    fn new(messages: usize, faults: &[Fault]) -> Self {
        let mut faults = faults.to_vec();
        faults.reverse();
        Self {
            messages,
            cursor: Mutex::new(0),
            sent: Mutex::default(),
            faults: Mutex::new(faults),
            acknowledged: Mutex::default(),
            kept: Mutex::default(),
            done: CancellationToken::new(),
        }
    }

    fn fault(&self) -> Fault {
        self.faults.lock().unwrap().pop().unwrap_or(Fault::None)
    }
}

#[async_trait]
impl Connector for Service {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn receive(&self) -> Result<Received, Trouble> {
        let from = *self.cursor.lock().unwrap();
        let to = (from + 3).min(self.messages);
        let message = |n: usize| Incoming {
            conversation: "c".to_owned(),
            id: format!("m{n}"),
            sender: Sender { id: "42".to_owned(), proven: true },
            body: payload(json!({ "text": n })),
            trace: None,
        };
        Ok(Received { messages: (from..to).map(message).collect(), cursor: to.to_string() })
    }

    async fn acknowledge(&self, cursor: &str) -> Result<(), Trouble> {
        let fault = self.fault();
        if fault == Fault::Before {
            return Err(Trouble::Later(None));
        }
        let to: usize = cursor.parse().unwrap();
        *self.cursor.lock().unwrap() = to;
        let mut kept = self.kept.lock().unwrap().clone();
        kept.dedup();
        self.acknowledged.lock().unwrap().push((to, kept.len()));
        if to == self.messages {
            self.done.cancel();
        }
        if fault == Fault::After { Err(Trouble::Unknown) } else { Ok(()) }
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt, Trouble> {
        let fault = self.fault();
        if fault == Fault::Before {
            return Err(Trouble::Unknown);
        }
        *self.sent.lock().unwrap().entry(message.nonce.clone()).or_default() += 1;
        if fault == Fault::After {
            return Err(Trouble::Unknown);
        }
        Ok(Receipt { id: message.nonce.clone() })
    }

    async fn find(&self, message: &Outgoing) -> Result<Option<Receipt>, Trouble> {
        if self.fault() != Fault::None {
            return Err(Trouble::Later(None));
        }
        let known = self.sent.lock().unwrap().contains_key(&message.nonce);
        Ok(known.then(|| Receipt { id: message.nonce.clone() }))
    }
}

#[async_trait]
impl Inbox for Service {
    async fn keep(&self, _: &'static str, message: &Incoming) -> Result<(), Stop> {
        if self.fault() != Fault::None {
            return Err(Stop::Later);
        }
        let mut kept = self.kept.lock().unwrap();
        if !kept.contains(&message.id) {
            kept.push(message.id.clone());
        }
        Ok(())
    }
}

/// Every sequence of that many faults.
fn sequences(length: usize) -> Vec<Vec<Fault>> {
    let all = [Fault::None, Fault::Before, Fault::After];
    (0..length).fold(vec![Vec::new()], |known, _| {
        let longer = |known: &Vec<Fault>| {
            let known = known.clone();
            all.map(|fault| [known.as_slice(), &[fault]].concat())
        };
        known.iter().flat_map(longer).collect()
    })
}

#[tokio::test(start_paused = true)]
async fn nothing_is_acknowledged_that_is_not_kept_and_everything_is_kept_in_order() {
    for faults in sequences(5) {
        let service = Service::new(7, &faults);
        take(&service, &service, &service.done).await;
        let kept = service.kept.lock().unwrap().clone();
        let expected: Vec<String> = (0..7).map(|n| format!("m{n}")).collect();
        assert_eq!(kept, expected);
        for (to, kept) in service.acknowledged.lock().unwrap().iter() {
            assert!(kept >= to, "{to} were acknowledged when {kept} were kept");
        }
    }
}

#[tokio::test]
async fn a_message_is_never_sent_twice_whatever_answers_are_lost() {
    for faults in sequences(6) {
        let service = Service::new(0, &faults);
        let message = Outgoing {
            conversation: "c".to_owned(),
            nonce: "key".to_owned(),
            text: "hello".to_owned(),
        };
        // As whoever holds the effect does: until it is known to be sent, it may have been.
        let (mut tried, mut sent) = (false, false);
        for _ in 0..8 {
            match deliver(&service, &message, tried).await {
                Delivery::Sent(receipt) => {
                    assert_eq!(receipt.id, "key");
                    sent = true;
                    break;
                }
                Delivery::Unknown => tried = true,
                Delivery::Later(_) | Delivery::Refused(_) => {}
            }
        }
        assert!(sent);
        assert_eq!(service.sent.lock().unwrap().get("key"), Some(&1));
    }
}
