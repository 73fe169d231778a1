//! Spellings of places inside, which must all be seen, and of places that are for everybody.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::shown;

/// Addresses that no tool should be sent to.
const INSIDE: [[u8; 4]; 8] = [
    [127, 0, 0, 1],
    [169, 254, 169, 254],
    [10, 0, 0, 5],
    [192, 168, 1, 1],
    [172, 16, 0, 9],
    [100, 100, 100, 200],
    [127, 127, 127, 127],
    [168, 63, 129, 16],
];

/// The digits of a text as those that begin with this zero.
fn digits_from(zero: char, text: &str) -> String {
    let shift = |letter: char| match letter {
        '0'..='9' => char::from_u32(u32::from(letter) - 48 + u32::from(zero)).unwrap(),
        other => other,
    };
    text.chars().map(shift).collect()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Every way to write one address of version 4 into an address of the web.
fn spellings(ip: [u8; 4]) -> Vec<String> {
    let hosts = numbers(ip).into_iter().chain(embedded(ip));
    hosts.map(|host| format!("http://{host}/latest")).chain(addresses(ip)).collect()
}

/// The four numbers in every form.
fn numbers([a, b, c, d]: [u8; 4]) -> Vec<String> {
    let whole = u32::from_be_bytes([a, b, c, d]);
    let plain = format!("{a}.{b}.{c}.{d}");
    vec![
        plain.clone(),
        format!("{plain}."),
        format!("{whole}"),
        format!("{whole:#x}"),
        format!("0X{whole:X}"),
        format!("0{whole:o}"),
        format!("0000{whole:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("000{a:o}.000{b:o}.000{c:o}.000{d:o}"),
        format!("{a:#x}.0{b:o}.{c}.{d:#x}"),
        format!("{a}.{}", whole & 0xFF_FFFF),
        format!("{a}.{b}.{}", whole & 0xFFFF),
        format!("{a:#x}.{:#x}", whole & 0xFF_FFFF),
        format!(
            "{}.{}.{}.{}",
            u32::from(a) + 256,
            u32::from(b) + 256,
            u32::from(c) + 256,
            u32::from(d) + 256
        ),
        digits_from('\u{FF10}', &plain),
        digits_from('\u{1D7D8}', &plain),
        digits_from('\u{660}', &plain),
        plain.replace('.', "\u{3002}"),
        plain.replace('.', "\u{FF0E}"),
        plain.replace('.', "\u{FF61}"),
        plain.replace('.', "%2e"),
        plain.replace('.', "\u{200b}."),
        plain.replace('.', "\u{ad}."),
        percent(&plain),
        percent(&percent(&plain)),
    ]
}

/// The address within one of version 6, or within a name.
fn embedded([a, b, c, d]: [u8; 4]) -> Vec<String> {
    let whole = u32::from_be_bytes([a, b, c, d]);
    let plain = format!("{a}.{b}.{c}.{d}");
    let (high, low) = (whole >> 16, whole & 0xFFFF);
    vec![
        format!("[::ffff:{plain}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:04x}:{low:04x}]"),
        format!("[::{plain}]"),
        format!("[64:ff9b::{plain}]"),
        format!("[64:ff9b::{high:x}:{low:x}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!("[2001:4860::5efe:{high:x}:{low:x}]"),
        format!("{plain}.nip.io"),
        format!("app.{a}-{b}-{c}-{d}.sslip.io"),
        format!("{whole:08x}.nip.io"),
        format!("{plain}.example.com"),
        format!("ip-{a}-{b}-{c}-{d}.example.com"),
    ]
}

/// The address where programs look for hosts in different places.
fn addresses([a, b, c, d]: [u8; 4]) -> Vec<String> {
    let whole = u32::from_be_bytes([a, b, c, d]);
    let plain = format!("{a}.{b}.{c}.{d}");
    vec![
        plain.clone(),
        format!("{plain}:8080"),
        format!("{plain}/admin"),
        format!("HTTPS://{plain}:443"),
        format!("ws://{plain}/socket"),
        format!("gopher://{plain}:70/_x"),
        format!("redis://{whole}:6379"),
        format!("dict://{whole:#x}:11211/"),
        format!("//{plain}/x"),
        format!("\\\\{plain}\\share"),
        format!("/\\{plain}/x"),
        format!("http:{plain}"),
        format!("http:/{plain}/"),
        format!("http:///{plain}/"),
        format!("http:\\\\{plain}\\x"),
        format!("http://user@{plain}/"),
        format!("http://good.com@{plain}/"),
        format!("http://good.com:80@{plain}:80/"),
        format!("http://good.com%2f@{plain}/"),
        format!("http://good.com'@{plain}/"),
        format!("http://good.com @{plain}/"),
        format!("http://{plain}\\@good.com/"),
        format!("http://{plain}#@good.com/"),
        format!("http://good.com#@{plain}/"),
        format!("http://good.com\\@{plain}/"),
        format!("http://a@good.com@{plain}/"),
        format!("http://a@{plain}@good.com/"),
        format!("http://{plain}%23@good.com/"),
        format!("http://{plain}\u{FF0F}@good.com/"),
        format!("ht\ntp://{plain}/"),
        format!("http://{}\t{}/", &plain[..4], &plain[4..]),
        format!("  http://{plain}/  "),
        format!("\u{0}http://{plain}/"),
        format!("url:http://{plain}/"),
        format!("{plain}/x?u=http://good.com/"),
        format!("http:{plain}/?u=http://good.com/"),
        format!("http://good.com/, http://{plain}/"),
        format!("http://good.com;http://{plain}/"),
        format!("root@{plain}"),
        format!("root@[{plain}]"),
        format!("Root <root@{plain}>"),
        format!("a@good.com, root@{plain}"),
        format!("\"a@good.com\"@{plain}"),
        format!("mailto:root@{plain}"),
        format!("mailto:a@good.com?cc=root@{plain}"),
        format!("mailto:a@good.com?bcc=root%40{plain}"),
    ]
}

/// Other places inside.
const NAMED: [&str; 73] = [
    "http://localhost/",
    "http://LOCALHOST:8080/",
    "http://localhost./",
    "http://app.localhost/",
    "localhost",
    "localhost:3000",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://loc\u{ad}alhost/",
    "http://local\u{200b}host/",
    "http://%6cocalhost/",
    "http://localhost%00.good.com/",
    "http://localhost%09/",
    "http://localhost.localdomain/",
    "http://ip6-localhost/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]:80/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::1%25eth0]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "fe80::1%eth0",
    "::1",
    "[::1]:80",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[2001::1]/",
    "http://[100::1]/",
    "http://[64:ff9b:1::1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[v1.x]/",
    "http://[::1/",
    "http://0/",
    "http://0.0.0.0:22/",
    "http://0x0/",
    "0",
    "http://127.1/",
    "127.1",
    "http://127.0.1/",
    "http://255.255.255.255/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://192.0.0.192/latest/",
    "http://metadata/computeMetadata/v1/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://METADATA.google.INTERNAL./",
    "http://instance-data/latest/",
    "http://metadata.tencentyun.com/latest/",
    "http://kubernetes.default.svc/api",
    "http://kubernetes.default.svc.cluster.local/api",
    "http://db/",
    "db:5432",
    "postgres://db:5432/app",
    "http://printer.local/",
    "http://router.home.arpa/",
    "http://wiki.corp/",
    "http://nas.lan/",
    "http://intranet/",
    "http://lvh.me/",
    "http://a.localtest.me/",
    "http://7f000001.c0a80101.rbndr.us/",
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "http:",
    "http://",
    "http://good.com:99999999/",
    "http://1.2.3.4.5/",
    "127.00%2e.",
    "http://printer.lo\ncal/",
    "http://010.8.8.8/",
];

/// What is for everybody, or is no host at all.
const OUTSIDE: [&str; 74] = [
    "https://example.com",
    "https://example.com/",
    "HTTPS://Example.COM/Path?q=1#frag",
    "https://example.com:8443/a/b",
    "https://example.com./",
    "http://sub.domain.example.co.uk/a%20b?x=%2F#y",
    "https://example.com/a?u=http%3A%2F%2F10.0.0.1%2F",
    "https://example.com/redirect?to=https://other.example.org/",
    "https://example.com/@user/post",
    "https://www.google.com/maps/@48.1,10.5,12z",
    "https://example.com/a,b;c|d",
    "https://en.wikipedia.org/wiki/Foo_(bar)",
    "https://user@example.com/",
    "https://münchen.de/",
    "https://xn--mnchen-3ya.de/",
    "https://例え.テスト/",
    "https://пример.рф/",
    "https://ex\u{FF41}mple.com/",
    "https://my_bucket.s3.amazonaws.com/key",
    "https://api.github.com/repos/a/b/issues/7",
    "https://hooks.slack.com/services/T000/B000/XXX",
    "https://localhost.example.com/",
    "https://internal.example.com/",
    "https://mylocalhost.com/",
    "https://lan.party/",
    "wss://stream.example.com/ws",
    "ftp://ftp.example.org/pub",
    "sftp://files.example.org/x",
    "postgres://db.example.com:5432/app",
    "ssh://git@github.com/org/repo.git",
    "git@github.com:org/repo.git",
    "//cdn.example.com/lib.js",
    "example.com",
    "example.com:443",
    "example.com/path",
    "www.example.com/a?b=c",
    "8.8.8.8",
    "8.8.8.8:53",
    "http://1.1.1.1/dns-query",
    "http://134744072/",
    "http://0x08080808/",
    "https://[2606:4700:4700::1111]/",
    "2606:4700:4700::1111",
    "[2001:4860:4860::8888]:443",
    "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::808:808]/",
    "http://[2002:808:808::1]/",
    "http://172.15.0.1/",
    "http://172.32.0.1/",
    "http://100.63.0.1/",
    "http://100.128.0.1/",
    "http://169.253.1.1/",
    "http://192.167.1.1/",
    "http://11.0.0.1/",
    "http://ec2-54-12-34-56.compute-1.amazonaws.com/",
    "ann@example.com",
    "Ann Smith <ann.smith+tag@mail.example.com>",
    "ann@example.com, bob@example.org; carl@example.net",
    "\"Smith, Ann\" <ann@example.com>",
    "mailto:ann@example.com?subject=Hi%20there&cc=bob@example.org",
    "o'brien@example.com",
    "#general",
    "@alice",
    "general",
    "C024BE91L",
    "U123",
    "+49 151 12345678",
    "+12125551234",
    "4915112345678",
    "42",
    "v1.2",
    "/home/ann/notes.txt",
    "report.pdf",
    "",
];

fn is_inside(text: &str) -> bool {
    Host::named_in(text).iter().any(Host::is_private)
}

#[test]
fn every_spelling_of_a_place_inside_is_seen() {
    let mut all: Vec<String> = INSIDE.into_iter().flat_map(spellings).collect();
    all.extend(NAMED.map(str::to_owned));
    assert!(all.len() >= 700, "{}", all.len());
    let missed: Vec<String> =
        all.iter().filter(|text| !is_inside(text)).map(|text| shown(text, 200)).collect();
    assert_eq!(missed, Vec::<String>::new());
}

#[test]
fn what_is_for_everybody_is_not_inside() {
    let wrong: Vec<(&str, Vec<Host>)> = OUTSIDE
        .into_iter()
        .filter(|text| is_inside(text))
        .map(|text| (text, Host::named_in(text)))
        .collect();
    assert_eq!(wrong, Vec::new());
}

#[test]
fn a_host_has_one_form_whatever_its_spelling() {
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let hosts: Vec<String> = Host::named_in(text).iter().map(ToString::to_string).collect();
        assert_eq!(hosts, expected, "{text}");
    }
    check("HTTPS://Example.COM.:443/x", &["example.com"]);
    check("https://münchen.de/", &["xn--mnchen-3ya.de"]);
    check("http://134744072/", &["8.8.8.8"]);
    check("Ann <ann@Example.com>, bob@example.org", &["example.com", "example.org"]);
    check("git@github.com:org/repo.git", &["github.com"]);
    check("[2001:4860:4860::8888]:443", &["2001:4860:4860::8888"]);
    check("http://good.com\\@evil.com/", &["evil.com", "good.com", "unreadable"]);
    check("#general", &[]);
    check("", &[]);
}

#[test]
fn a_text_has_bounds() {
    assert_eq!(Host::named_in(&"a".repeat(BYTES_MAX + 1)), [Host::Unreadable]);
    let many: Vec<String> = (0..200).map(|number| format!("a@h{number}.com")).collect();
    let hosts = Host::named_in(&many.join(","));
    assert_eq!((hosts.len(), hosts.last()), (HOSTS_MAX, Some(&Host::Unreadable)));
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let _ = Host::named_in(&text);
    }

    #[test]
    fn what_a_browser_would_ask_inside_is_inside(
        before in "[a-z:@/\\\\#?.%'\" \t]{0,6}", scheme in "(ht|f)tps?:[/\\\\]{0,3}",
        name in "[0-9a-fx.@:%\\[\\]#?/\\\\ \t-]{0,8}", pick in 0usize..39, of in 0usize..8,
    ) {
        let spelled = &spellings(INSIDE[of])[pick];
        let text = format!("{before}{scheme}{name}{}", spelled.trim_start_matches("http://"));
        let browser = url::Url::parse(&text).ok();
        let host = browser.as_ref().and_then(url::Url::host);
        let inside = match host {
            Some(url::Host::Ipv4(ip)) => is_private(ip.into()),
            Some(url::Host::Ipv6(ip)) => is_private(ip.into()),
            Some(url::Host::Domain(_)) | None => false,
        };
        prop_assert!(!inside || is_inside(&text), "{}", shown(&text, 200));
    }

    #[test]
    fn every_private_address_is_inside_in_every_spelling(bits in any::<u32>()) {
        let ip = Ipv4Addr::from(bits);
        if is_private(ip.into()) {
            for text in spellings(ip.octets()) {
                prop_assert!(is_inside(&text), "{}", shown(&text, 200));
            }
        } else {
            prop_assert_eq!(Host::named_in(&format!("http://{ip}/")), [Host::Ip(ip.into())]);
        }
    }
}
