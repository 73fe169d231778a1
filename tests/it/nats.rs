//! A NATS that acknowledges what its disk may lose is not taken where that can be known, and where it cannot it is said.

use support::{Database, Nats, Server, Setup};

/// What a server that does not flush each message is refused with.
const LAZY: &str = "acknowledges messages that a power cut can take: it flushes every 120 s; \
    set `sync_interval: always`";

/// A server on a NATS, with what it is told of it.
async fn setup(nats: &Nats, settings: &[(&str, &str)]) -> Setup {
    let mut setup = Setup::new(Database::Sqlite).await;
    setup.set("bus.url", nats.url());
    for (key, value) in settings {
        setup.set(key, value);
    }
    setup
}

/// What `doctor` says in one line of the bus, and whether it has anything to mend about it.
fn doctor(server: &Server) -> (String, bool) {
    let output = server.run(&["doctor"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("nats ")).unwrap_or_default();
    let (_, mend) = text.split_once("to mend:").unwrap_or_default();
    (line.to_owned(), mend.contains("NATS"))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_flushes_each_message_is_taken() {
    let nats = Nats::newest(true).await;
    let server = setup(&nats, &[("bus.nats_monitoring", nats.monitoring())]).await.start().await;
    assert!(server.log().contains("NATS keeps what it acknowledges"), "{}", server.log());
    let (line, mend) = doctor(&server);
    assert!(line.ends_with(": flushes each message before it is acknowledged") && !mend, "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_is_refused_unless_the_settings_take_it() {
    let nats = Nats::newest(false).await;
    let monitoring = ("bus.nats_monitoring", nats.monitoring());
    let mut server = setup(&nats, &[monitoring, ("bus.nats_sync", "any")]).await.start().await;
    assert!(!server.log().contains(LAZY));
    let (line, mend) = doctor(&server);
    assert!(line.ends_with(": flushes every 120 s") && !mend, "{line}");

    server.kill9();
    server.variable("ORCHESTACK_BUS__NATS_SYNC", None);
    assert!(!server.begin().await, "it started");
    let log = server.log();
    assert!(log.contains(LAZY) && log.contains(nats.monitoring()), "{log}");
    let (line, mend) = doctor(&server);
    assert!(line.ends_with(": flushes every 120 s") && mend, "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_one_cannot_tell_and_is_warned_of() {
    let nats = Nats::start().await;
    let server = setup(&nats, &[("bus.nats_monitoring", nats.monitoring())]).await.start().await;
    assert!(server.log().contains("this NATS is too old to flush each message"));
    let (line, mend) = doctor(&server);
    assert!(line.ends_with(": flushes not told by this version") && !mend, "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_monitoring_address_nobody_knows_and_with_a_silent_one_nothing_starts() {
    let nats = Nats::newest(false).await;
    let mut server = setup(&nats, &[]).await.start().await;
    let unknown = "set `bus.nats_monitoring` to the addresses of its `http_port`";
    assert!(server.log().contains(unknown), "{}", server.log());
    let (line, mend) = doctor(&server);
    assert!(line.contains(unknown) && !mend, "{line}");

    server.kill9();
    // A port of NATS that is not that of its monitoring: it speaks, but not HTTP.
    let wrong = nats.url().replace("nats://", "http://");
    server.variable("ORCHESTACK_BUS__NATS_MONITORING", Some(&wrong));
    assert!(!server.begin().await, "it started");
    let told = format!("NATS does not tell at `{wrong}` whether it flushes messages");
    assert!(server.log().contains(&told), "{}", server.log());
    assert!(doctor(&server).1);
}
