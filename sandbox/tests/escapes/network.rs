//! Ways out over the network.

use super::*;

/// A way out that must not be there: what it is, the words that try it, and what shows that they would find it.
type WayOut = (&'static str, String, Option<String>);

/// Ways out: to a port and an abstract socket of this machine, and beyond it.
fn ways_out(port: u16, name: &str) -> Vec<WayOut> {
    let connect = |address: &str, port: u16| {
        format!(
            "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); $SIG{{ALRM}} = sub {{ exit }}; alarm 3; \
             print \"ESCAPED\" if connect(S, sockaddr_in({port}, inet_aton(\"{address}\")))'"
        )
    };
    let send = "perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); \
                print \"ESCAPED\" if send(S, \"x\", 0, sockaddr_in(53, inet_aton(\"192.0.2.1\")))'";
    let abstracted = format!(
        "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); \
         print \"ESCAPED\" if connect(S, pack(\"S a*\", 1, \"\\0{name}\"))'"
    );
    let elsewhere = |address: &str| {
        // A network of its own, in which the address is there and answers.
        let listen = format!(
            "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); \
             bind(S, sockaddr_in(80, inet_aton(\"{address}\"))); listen(S, 1); print \"on\\n\"; close STDOUT; \
             alarm 5; accept(C, S)'"
        );
        let here = connect(address, 80).replace('\'', "'\\''");
        let listen = listen.replace('\'', "'\\''");
        format!(
            "unshare --net sh -c 'ip link set lo up && ip addr add {address}/32 dev lo && \
             mkfifo $0 && {{ {listen} > $0 & }} && read on < $0 && {here}' $(mktemp -u)"
        )
    };
    vec![
        ("this machine's loopback", connect("127.0.0.1", port), None),
        ("the clouds' metadata", connect("169.254.169.254", 80), Some(elsewhere("169.254.169.254"))),
        ("a private network", connect("10.0.0.1", 80), Some(elsewhere("10.0.0.1"))),
        ("the internet", connect("192.0.2.1", 80), Some(elsewhere("192.0.2.1"))),
        ("a datagram", send.to_owned(), None),
        ("an abstract socket of this machine", abstracted, None),
        (
            "a name",
            "getent hosts example.com >/dev/null && echo ESCAPED".to_owned(),
            Some("getent hosts localhost >/dev/null && echo ESCAPED".to_owned()),
        ),
        (
            "a resolver",
            "[ -s /etc/resolv.conf ] && echo ESCAPED".to_owned(),
            Some("[ -s /etc/passwd ] && echo ESCAPED".to_owned()),
        ),
        (
            "raw packets",
            "perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 1) && print \"ESCAPED\"'".into(),
            None,
        ),
        (
            "metadata through the proxy",
            "curl -sS http://169.254.169.254/ | grep -qv denied && echo ESCAPED".into(),
            Some("echo ami-id | grep -qv denied && echo ESCAPED".into()),
        ),
        (
            "another interface",
            "grep -v lo: /proc/net/dev | grep -q : && echo ESCAPED".into(),
            Some("unshare --net sh -c 'ip link add name v0 type veth; grep -v lo: /proc/net/dev | grep -q : && echo ESCAPED'".into()),
        ),
        (
            "a route",
            "[ $(wc -l < /proc/net/route) -gt 1 ] && echo ESCAPED".into(),
            Some("[ $(printf 'a\nb\n' | wc -l) -gt 1 ] && echo ESCAPED".into()),
        ),
    ]
}

#[tokio::test]
async fn no_packet_leaves_but_through_the_proxy() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let port = tcp.local_addr().unwrap().port();
    let name = format!("escapes-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let hidden = UnixListener::bind_addr(&address).unwrap();
    hidden.set_nonblocking(true).unwrap();
    let attempts = ways_out(port, &name);
    for (what, script, _) in &attempts {
        assert_eq!(bench.says(script).await, "", "{what}");
    }
    assert!(tcp.accept().is_err() && hidden.accept().is_err(), "nothing came");
    // A machine without any network has no way for the datagram either; networks are made by root.
    let routed =
        std::fs::read_to_string("/proc/net/route").is_ok_and(|text| text.lines().count() > 1);
    let root = rustix::process::geteuid().is_root() && !plainly("ip link").is_empty();
    for (what, script, control) in &attempts {
        let control = control.as_ref().unwrap_or(script);
        let possible = match *what {
            "a datagram" => routed,
            "raw packets" => root,
            _ => root || !control.contains("unshare"),
        };
        assert!(!possible || plainly(control) == OUT, "the control: {what}");
    }
    assert!(tcp.accept().is_ok() && hidden.accept().is_ok(), "the control came");
}
