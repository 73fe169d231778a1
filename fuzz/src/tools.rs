//! What must hold for what tool servers say, and for what callers put into arguments.

use serde_json::{Map, Value, json};
use tools::{
    Definition, Host, Request, Schema, Service, Severity, diff, hidden, hygiene, is_private,
};
use url::Url;

/// What attackers put into parts of addresses.
const HOSTILE: [&str; 12] = [
    "a",
    "..",
    "../x",
    "a/b",
    "%2e%2e%2f",
    "a?b#c",
    "//evil.example",
    "a\r\nHost: x",
    "\\..",
    "",
    "é",
    "a;..;",
];

/// A definition that is read is the same after it was written, differs from itself in nothing, and what
/// is said of it can be shown; its schemas can be held against anything.
pub fn tool_definition(data: &[u8]) {
    let Ok(value) = tools::read_json(data) else { return };
    for schema in [&value, value.get("inputSchema").unwrap_or(&Value::Null)] {
        if let Ok(schema) = Schema::compile(schema) {
            let _ = schema.check(&value);
        }
    }
    let Ok(definition) = Definition::read(&value) else { return };
    let again = Definition::read(&definition.to_value()).expect("what is written can be read");
    assert_eq!(again, definition);
    assert_eq!(again.hash("server"), definition.hash("server"));
    assert_eq!(diff(&[again], std::slice::from_ref(&definition)), []);
    let flags = hygiene(&[("server", &definition)]);
    for flag in &flags {
        assert!(!flag.to_string().chars().any(|letter| hidden(letter).is_some()), "{flag:?}");
    }
    let refused = flags.iter().any(|flag| flag.severity == Severity::Refuse);
    assert!(refused || Schema::compile(&definition.input_schema).is_ok());
}

/// A host that was read is read again as itself, and what a browser would ask inside is inside.
pub fn tool_destination(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let hosts = Host::named_in(text);
    for host in &hosts {
        let again = match host {
            Host::Unreadable => continue,
            Host::Ip(ip) if ip.is_ipv6() => format!("https://[{ip}]/"),
            other => format!("https://{other}/"),
        };
        assert_eq!(Host::named_in(&again), std::slice::from_ref(host), "{again}");
    }
    let asked = Url::parse(text).ok();
    let inside = match asked.as_ref().and_then(Url::host) {
        Some(url::Host::Ipv4(ip)) => is_private(ip.into()),
        Some(url::Host::Ipv6(ip)) => is_private(ip.into()),
        Some(url::Host::Domain(_)) | None => false,
    };
    let special = asked.is_some_and(|url| url.is_special());
    assert!(!inside || !special || hosts.iter().any(Host::is_private), "{text:?}");
}

/// A service that is read has tools with schemas that can be used, and no argument turns a request
/// elsewhere.
pub fn openapi(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(service) = Service::parse(text) else { return };
    let base = Url::parse("https://api.example.com/v1/").expect("an address");
    let parts = |url: &Url| url.path().split('/').count();
    for definition in service.definitions() {
        Schema::compile(&definition.input_schema).expect("what is a tool has a schema");
        let operation = service.operation(&definition.name).expect("what is listed is there");
        let properties = definition.input_schema.get("properties").and_then(Value::as_object);
        let with = |value: &str| {
            let all = properties.into_iter().flat_map(Map::keys);
            let all: Map<String, Value> = all.map(|name| (name.clone(), json!(value))).collect();
            Request::of(operation, &Value::Object(all))
                .ok()
                .and_then(|request| request.url(&base).ok())
        };
        let Some(plain) = with("a") else { continue };
        for url in HOSTILE.iter().filter_map(|value| with(value)) {
            assert_eq!((url.origin(), parts(&url)), (base.origin(), parts(&plain)), "{url}");
        }
    }
}
