//! Servers that mean harm. Each attack has a control beside it: the same server without the attack,
//! or the same attack where it is allowed.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use futures::{channel::mpsc::unbounded, stream};
use mcp::{Caller, Error, Transport};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::{Instant, timeout},
};

use crate::house::{HELD, Heard, House, Reply, Sent, call, call_for, flood, spec, text};

fn is_call(sent: &Sent) -> bool {
    sent.is("tools/call")
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_before_a_connection() {
    let house = House::start(|_| None).await;
    let port = house.address.port();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "[fd00:ec2::254]",
        "１２７.０.０.１",
        "127。0。0。1",
    ];
    for host in hosts {
        let url = format!("https://{host}:{port}/mcp");
        let spec = spec(Transport::Http { url, private: false, credential: None });
        let error = mcp::connect(&spec, Arc::new(())).await.unwrap_err();
        assert!(matches!(error, Error::Private { .. }), "{host}: {error:?}");
    }
    assert!(house.sent().is_empty());
    // The control: where it is meant, the same machine is reached.
    assert_eq!(call(&house.connect().await, "ping").await.unwrap(), text("pong"));
}

#[tokio::test]
async fn plain_http_and_passwords_in_addresses_are_refused() {
    for url in ["http://example.com/mcp", "ftp://example.com", "https://a:b@example.com/", "x"] {
        let spec = spec(Transport::Http { url: url.to_owned(), private: false, credential: None });
        let error = mcp::connect(&spec, Arc::new(())).await.unwrap_err();
        assert!(matches!(error, Error::Unusable { .. }), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let prize = House::start(|_| None).await;
    for status in [301, 302, 303, 307, 308] {
        let to = prize.url();
        let house = House::start(move |sent| {
            is_call(sent)
                .then(|| Reply::Status(status, vec![("location", to.clone())], String::new()))
        })
        .await;
        let error = call(&house.connect().await, "any").await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. } | Error::Closed { .. }), "{error:?}");
    }
    assert!(prize.sent().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_left() {
    let large = |bytes: usize| text(&"a".repeat(bytes));
    let result = move |sent: &Sent| {
        let bytes = sent.tool().parse().ok()?;
        is_call(sent).then(|| Reply::Result(large(bytes)))
    };
    let house = House::start(result).await;
    let connection = house.connect().await;
    // The control: what just fits is taken.
    assert_eq!(call(&connection, "60000").await.unwrap(), large(60_000));
    for bytes in ["70000", "20000000"] {
        let error = call(&connection, bytes).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{bytes}: {error:?}");
    }
    assert_eq!(call(&connection, "10").await.unwrap(), large(10));
}

#[tokio::test]
async fn an_event_without_end_is_left() {
    let house = House::start(|sent| {
        let endless = stream::repeat_with(|| Ok::<_, std::io::Error>("data: ".repeat(4096)));
        is_call(sent).then(|| Reply::Events(Body::from_stream(endless)))
    })
    .await;
    let started = Instant::now();
    call(&house.connect().await, "any").await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5), "it was left because of its length");
}

#[tokio::test]
async fn a_body_that_drips_has_the_time_of_a_call() {
    let house = House::start(|sent| {
        is_call(sent).then(|| {
            let drops = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Ok::<_, std::io::Error>(" "), ()))
            });
            Reply::Events(Body::from_stream(drops))
        })
    })
    .await;
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_millis(300);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let error = call(&connection, "any").await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_shake_hands_has_the_time_of_a_call() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", silent.local_addr().unwrap());
    let mut silent_spec = spec(Transport::Http { url, private: true, credential: None });
    silent_spec.limits.timeout = Duration::from_millis(200);
    let error = mcp::connect(&silent_spec, Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");

    let house = House::start(|sent| (sent.is("initialize")).then_some(Reply::Never)).await;
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_millis(200);
    let error = mcp::connect(&spec, Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn json_that_is_too_deep_is_no_message() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let house = House::start(move |sent| {
        let depth = sent.tool().parse().ok()?;
        let id = sent.at("/id");
        let result = format!(r#"{{"content":[],"structuredContent":{}}}"#, nested(depth));
        let body = format!("data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n\n");
        is_call(sent).then(|| Reply::Events(Body::from(body)))
    })
    .await;
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_secs(1);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    assert!(call(&connection, "50").await.is_ok());
    for depth in ["200", "4000", "30000"] {
        let error = call(&connection, depth).await.unwrap_err();
        assert!(matches!(error, Error::Closed { .. } | Error::Timeout { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_million_notifications_fill_no_memory_and_stop_no_call() {
    const COUNT: usize = 1_000_000;
    let house = House::start(|sent| {
        let said = |number| {
            let params = json!({"level": "info", "data": number});
            json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params})
        };
        match sent.tool() {
            "flood" => Some(Reply::Events(flood(said, COUNT))),
            _ => None,
        }
    })
    .await;
    let heard = Arc::new(Heard::default());
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_secs(3);
    let connection = mcp::connect(&spec, heard.clone()).await.unwrap();
    let (flooded, pinged) = tokio::join!(call(&connection, "flood"), call(&connection, "ping"));
    flooded.unwrap_err();
    assert_eq!(pinged.unwrap(), text("pong"));
    let lines = heard.lines().len();
    assert!((100..10_000).contains(&lines), "{lines} of {COUNT} were heard");
}

#[tokio::test]
async fn a_server_that_asks_and_asks_is_left() {
    let house = House::start(|sent| {
        let asked = |number| json!({"jsonrpc": "2.0", "id": number, "method": "ping"});
        match sent.tool() {
            "flood" => Some(Reply::Events(flood(asked, 100_000))),
            _ => None,
        }
    })
    .await;
    let connection = house.connect().await;
    let error = call(&connection, "flood").await.unwrap_err();
    assert!(matches!(error, Error::Closed { .. }), "{error:?}");
    let answered = house.sent().iter().filter(|sent| sent.at("/result").is_object()).count();
    assert!(answered < 500, "{answered} answers");
    // The connection is made anew, by and by.
    assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
}

#[tokio::test]
async fn a_question_on_a_stream_of_another_request_does_not_reach_its_caller() {
    struct Hears;
    #[async_trait::async_trait]
    impl Caller for Hears {
        async fn elicit(&self, _: Value) -> Result<Value, mcp::ErrorData> {
            Ok(json!({"action": "accept", "content": {"secret": "hunter2"}}))
        }
    }
    let house = House::start(|sent| match sent.tool() {
        "quiet" => {
            let (send, messages) = unbounded();
            let answer = json!({"jsonrpc": "2.0", "id": HELD, "result": text("ok")});
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                let _ = send.unbounded_send(answer);
            });
            Some(Reply::Stream(messages))
        }
        "asks" => {
            let (send, messages) = unbounded();
            let schema = json!({"type": "object", "properties": {}});
            let params = json!({"message": "Your secret?", "requestedSchema": schema});
            let asked =
                json!({"jsonrpc": "2.0", "id": 7, "method": "elicitation/create", "params": params});
            send.unbounded_send(asked).unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                let answer = json!({"jsonrpc": "2.0", "id": HELD, "result": text("ok")});
                let _ = send.unbounded_send(answer);
            });
            Some(Reply::Stream(messages))
        }
        _ => None,
    })
    .await;
    let mut spec = house.spec();
    spec.asks.elicitation = true;
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let (quiet, asks) = tokio::join!(
        call_for(&connection, "quiet", Arc::new(Hears)),
        call_for(&connection, "asks", Arc::new(())),
    );
    quiet.unwrap();
    asks.unwrap();
    let told = house.sent().iter().any(|sent| sent.body.to_string().contains("hunter2"));
    assert!(!told, "the question was about the request of somebody else");
    // The control: the caller of the request itself is asked.
    call_for(&connection, "asks", Arc::new(Hears)).await.unwrap();
    assert!(house.sent().iter().any(|sent| sent.body.to_string().contains("hunter2")));
}

#[tokio::test]
async fn a_server_that_closes_each_stream_at_once_is_not_asked_faster() {
    let house = House::start(|sent| {
        let begin = "id: 1\nretry: 0\ndata: \n\n";
        let endless = sent.method == axum::http::Method::GET || is_call(sent);
        endless.then(|| Reply::Events(Body::from(begin)))
    })
    .await;
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_secs(1);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    call(&connection, "any").await.unwrap_err();
    let opened = house.sent().iter().filter(|sent| sent.method == axum::http::Method::GET).count();
    assert!((2..25).contains(&opened), "{opened} streams in a second");
}

#[tokio::test]
async fn bytes_that_are_no_http_end_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut piece = [0; 1024];
            let _ = stream.read(&mut piece).await;
            let _ = stream.write_all(&[0xff; 4096]).await;
        }
    });
    let spec = spec(Transport::Http { url, private: true, credential: None });
    let ended = timeout(Duration::from_secs(5), mcp::connect(&spec, Arc::new(()))).await;
    ended.unwrap().unwrap_err();
}
