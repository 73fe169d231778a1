//! The way out.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sandbox::{Allow, Command, Driver, Local};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{Bench, options, text};

/// A server that answers every request with its own words, and counts connections.
async fn server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let read = stream.read(&mut head).await.unwrap_or(0);
                let body = String::from_utf8_lossy(head.get(..read).unwrap_or_default())
                    .replace("\r\n", "|");
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (port, count)
}

fn allow(port: u16, private: bool) -> Allow {
    Allow { host: "service.test".into(), port, private }
}

#[tokio::test]
async fn what_the_list_has_is_reached_by_curl_without_a_word_about_proxies() {
    let (port, _) = server().await;
    let Some(bench) = Bench::new(|spec| spec.egress.push(allow(port, true))).await else { return };
    let plain = bench.says(&format!("curl -sS http://service.test:{port}/path?q=1")).await;
    assert!(
        plain.starts_with(&format!("GET /path?q=1 HTTP/1.1|host: service.test:{port}|")),
        "{plain}"
    );
    assert!(!plain.to_lowercase().contains("proxy"), "{plain}");
    let tunnel = bench.says(&format!("curl -sS -p http://service.test:{port}/tunnel")).await;
    assert!(tunnel.starts_with("GET /tunnel HTTP/1.1|"), "{tunnel}");
    let decisions = bench.decisions.lock().unwrap();
    assert_eq!(decisions.len(), 2, "{decisions:?}");
    assert!(decisions.iter().all(|decision| {
        decision.host == "service.test" && decision.port == port && decision.refused.is_none()
    }));
}

#[tokio::test]
async fn what_the_list_has_not_is_refused_in_words_and_told() {
    let (port, count) = server().await;
    let Some(bench) = Bench::new(|spec| spec.egress.push(allow(port, false))).await else { return };
    let denied = bench.says("curl -sS http://other.test/").await;
    assert_eq!(denied, "egress to other.test:80 denied: it is not in the list of this sandbox");
    // The name is in the list, its address is this machine's: `private` was not said.
    let private = bench.says(&format!("curl -sS http://service.test:{port}/")).await;
    assert!(private.ends_with("denied: its addresses are not public ones"), "{private}");
    for place in ["169.254.169.254", "127.0.0.1:1", "[::1]:80", "2130706433", "0x7f.1", "127.1"] {
        let said =
            bench.says(&format!("curl -sS --noproxy '' -g http://{place}/latest/meta-data/")).await;
        assert!(said.contains("denied: it is an address"), "{place}: {said}");
    }
    let hidden = format!("curl -sS -H 'Host: service.test:{port}' http://other.test/");
    assert!(bench.says(&hidden).await.contains("denied"));
    let tunnel = bench.sh("curl -sS https://other.test/").await;
    assert!(String::from_utf8_lossy(&tunnel.stderr).contains("403"), "{tunnel:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0, "nothing left the sandbox");
    let refused = bench.driver.refused(&bench.handle);
    assert!(refused.iter().any(|text| text.contains("other.test:443 denied")), "{refused:?}");
    assert!(bench.decisions.lock().unwrap().iter().all(|decision| decision.refused.is_some()));
    assert_eq!(bench.decisions.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn a_command_that_was_begun_with_less_keeps_the_way_narrow_after_a_restart_too() {
    let (port, count) = server().await;
    let wide = [allow(port, true)];
    let Some(bench) = Bench::new(|spec| spec.egress = wide.to_vec()).await else { return };
    let fetch = |key: &str| Command::shell(key, format!("curl -sS http://service.test:{port}/"));
    bench.driver.reach(&bench.handle, &[]).await.unwrap();
    let long = Command::shell("long", "until [ -e go ]; do sleep 0.05; done");
    bench.driver.start(&bench.handle, &long).await.unwrap();
    // Whoever comes after a restart knows nothing of who was there before.
    let later = Local::open(options(bench.root.path())).await.unwrap();
    later.reach(&bench.handle, &wide).await.unwrap();
    let denied = later.exec(&bench.handle, &fetch("first")).await.unwrap();
    assert!(text(&denied.stdout).contains("denied"), "{denied:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0);
    later.write(&bench.handle, "go", b"").await.unwrap();
    assert!(later.exec(&bench.handle, &long).await.unwrap().is_success());
    later.reach(&bench.handle, &wide).await.unwrap();
    let reached = later.exec(&bench.handle, &fetch("second")).await.unwrap();
    assert!(text(&reached.stdout).starts_with("GET / HTTP/1.1|"), "{reached:?}");
}
