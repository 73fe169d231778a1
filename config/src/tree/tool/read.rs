//! Reads one `tools/NAME.toml`.

use std::{collections::BTreeMap, time::Duration};

use types::{Effect, FUNCTIONS, Integrity, Replay};

use super::{
    Pinning, Sampling, ToolCredential, ToolFile, ToolOAuth, ToolProof, ToolServerFile,
    ToolTransport,
};
use crate::{
    document::Place,
    reader::{Notes, Reader},
    settings::HttpUrl,
    tree::{TextFile, limits},
};

/// Reads a server's file, and tells which OpenAPI document it names. A file without a key is no server:
/// it may be all examples.
pub(super) fn server(
    name: &str,
    file: &TextFile,
    beside: &BTreeMap<String, TextFile>,
    notes: &mut Notes,
) -> (Option<ToolServerFile>, Option<String>) {
    if !super::is_server_name(name) {
        let message = format!("`{name}` is not a name of a tool server");
        let most = super::SERVER_NAME_BYTES_MAX;
        let fix = format!("name the file with small letters, digits and `-`, at most {most}");
        notes.fault(&file.path, &message, &fix);
    }
    let mut root = notes.open(&file.path, &file.text);
    if !root.is_written() {
        return (None, None);
    }
    let (written, mut from) = root.optional_section("server", "The server.");
    if !written {
        let fix = "add a line `[server]`, and below it how the server is reached".to_owned();
        from.fault("", None, "the file has no server".to_owned(), fix);
    }
    let reach = Reach::read(&mut from);
    let document = reach.openapi.as_ref().map(|(name, _)| name.clone());
    let transport = if written { reach.transport(name, beside, &mut from) } else { None };
    let integrity = from.parsed("trust", "untrusted", Integrity::Untrusted, "");
    let label = from.optional("label", "internal", "");
    let sampling = from.parsed("sampling", "off", Sampling::Off, "");
    let elicitation = from.flag("elicitation", false, "");
    let roots = from.flag("roots", false, "");
    let timeout = from.duration("timeout", Duration::from_secs(60), TIMEOUT, "");
    let result_bytes_max = from.bytes("result_bytes_max", MIB, 1024..=64 * MIB, "");
    let arguments_bytes_max = from.bytes("arguments_bytes_max", MIB / 4, 256..=16 * MIB, "");
    let concurrent_max = from.count("concurrent_max", 16, 1..=10_000, "");
    let pinning = from.parsed("pin", "required", Pinning::Required, "");
    from.finish();
    let tables = root.named("tools");
    root.finish();
    let tools = tables.into_iter().map(|(name, path, node)| {
        let line = node.place.line;
        let tool = tool(&name, line, Reader::open(node, &path, notes));
        (name, tool)
    });
    let tools = tools.collect();
    let server = transport.map(|transport| ToolServerFile {
        name: name.to_owned(),
        transport,
        private: reach.private,
        integrity,
        label,
        sampling,
        elicitation,
        roots,
        timeout,
        result_bytes_max,
        arguments_bytes_max,
        concurrent_max,
        pinning,
        tools,
        pins: beside.get(&format!("{name}.json")).cloned(),
        file: file.path.clone(),
    });
    (server, document)
}

const MIB: usize = 1024 * 1024;
const TIMEOUT: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(3600);
/// The most words of a command.
const COMMAND_WORDS_MAX: usize = 64;

/// What a file says of how its server is reached, before it is held together.
struct Reach {
    url: Option<HttpUrl>,
    command: Vec<String>,
    openapi: Option<(String, Option<Place>)>,
    sandbox: bool,
    functions: bool,
    env: BTreeMap<String, crate::SecretRef>,
    credential: Option<ToolCredential>,
    private: bool,
    /// Where each key stands that only some ways of reaching a server have.
    places: BTreeMap<&'static str, Place>,
}

impl Reach {
    fn read(from: &mut Reader<'_>) -> Self {
        let keys = [
            "url",
            "command",
            "openapi",
            "sandbox",
            "functions",
            "env",
            "credential",
            "oauth",
            "private",
        ];
        let places = keys.into_iter().filter_map(|key| Some((key, from.place_of(key)?))).collect();
        let document = from.place_of("openapi");
        let url = from.optional("url", "https://mcp.example.com/mcp", "");
        let command = from.list("command", "npx", "");
        let openapi: Option<String> = from.optional("openapi", "mail.openapi.json", "");
        let sandbox = from.flag("sandbox", false, "");
        let functions = from.flag("functions", false, "");
        let env = from.texts("env", "env:API_KEY", "");
        let bearer = from.optional("credential", "env:MAIL_TOKEN", "");
        let private = from.flag("private", false, "");
        let (asked, oauth) = from.optional_section("oauth", "");
        let oauth = ToolOAuth::read(asked, private, oauth);
        if bearer.is_some() && asked {
            let fix = "keep one of `credential` and `[server.oauth]`".to_owned();
            from.fault("oauth", None, "the server has two credentials".to_owned(), fix);
        }
        let credential = bearer.map(ToolCredential::Bearer).or(oauth.map(ToolCredential::OAuth));
        let openapi = openapi.map(|name| (name, document));
        Self { url, command, openapi, sandbox, functions, env, credential, private, places }
    }

    /// The one way in which the server is reached.
    fn transport(
        &self,
        name: &str,
        beside: &BTreeMap<String, TextFile>,
        from: &mut Reader<'_>,
    ) -> Option<ToolTransport> {
        let has = |key| self.places.contains_key(key);
        let http = has("url") && !has("openapi");
        let ways = [http, has("command"), has("openapi"), self.sandbox, self.functions];
        if ways.iter().filter(|way| **way).count() != 1 {
            let message = "the server is not reached in exactly one way".to_owned();
            let fix = "write one of `url`, `command`, `openapi` with `url`, `sandbox = true` and `functions = true`";
            from.fault("", None, message, fix.to_owned());
            return None;
        }
        if name == FUNCTIONS && !self.functions {
            let message = format!("`{name}` is the name of what callers run themselves");
            from.fault("", None, message, "choose another name for the file".to_owned());
        }
        if self.sandbox {
            self.only("sandbox = true", &[], from);
            return Some(ToolTransport::Sandbox);
        }
        if self.functions {
            self.only("functions = true", &[], from);
            return Some(ToolTransport::Functions);
        }
        if has("command") {
            self.only("command", &["command", "env"], from);
            return self.stdio(from);
        }
        let url = self.address(from);
        let credential = self.credential.clone();
        let Some((name, place)) = &self.openapi else {
            self.only("url", &["url", "credential", "oauth", "private"], from);
            return Some(ToolTransport::Http { url: url?, credential });
        };
        self.only("openapi", &["url", "openapi", "credential", "oauth", "private"], from);
        let Some(document) = beside.get(name) else {
            let message = format!("there is no file `tools/{name}`");
            let fix = "put the OpenAPI document there, and write its name alone".to_owned();
            from.fault("openapi", place.as_ref(), message, fix);
            return None;
        };
        Some(ToolTransport::OpenApi { document: document.clone(), base: url?, credential })
    }

    /// Reports the keys that this way of reaching a server does not have.
    fn only(&self, way: &str, keys: &[&str], from: &mut Reader<'_>) {
        for (key, place) in &self.places {
            if !keys.contains(key) && !["functions", "sandbox"].contains(key) {
                let message = format!("a server with `{way}` has no `{key}`");
                from.fault(key, Some(place), message, "remove it".to_owned());
            }
        }
    }

    fn stdio(&self, from: &mut Reader<'_>) -> Option<ToolTransport> {
        let command = &self.command;
        let place = self.places.get("command");
        let first = command.first().is_some_and(|program| !program.is_empty());
        if !first || command.len() > COMMAND_WORDS_MAX || command.iter().any(|w| w.contains('\0')) {
            let message = format!("this is not a command of 1 to {COMMAND_WORDS_MAX} words");
            let fix = "write the program and its arguments: `[\"npx\", \"-y\", \"some-server\"]`";
            from.fault("command", place, message, fix.to_owned());
            return None;
        }
        for variable in self.env.keys().filter(|name| !is_variable(name)) {
            let message = format!("`{variable}` is not a name of a variable");
            let fix =
                "use letters, digits and `_`, as in `env = { API_KEY = \"env:KEY\" }`".to_owned();
            from.fault("env", self.places.get("env"), message, fix);
        }
        Some(ToolTransport::Stdio { command: command.clone(), env: self.env.clone() })
    }

    /// Its address, which carries the credential: in plain text only to where nobody listens in.
    fn address(&self, from: &mut Reader<'_>) -> Option<String> {
        let place = self.places.get("url");
        let Some(HttpUrl(url)) = &self.url else {
            if place.is_none() {
                let fix = "add `url`: the address before the paths of the document".to_owned();
                from.fault("url", None, "the service has no address".to_owned(), fix);
            }
            return None;
        };
        if url.starts_with("http://") && !self.private {
            let message = "the address is not `https://`".to_owned();
            let fix = "write `https://`, or `private = true` if the server is in your own network"
                .to_owned();
            from.fault("url", place, message, fix);
        }
        Some(url.clone())
    }
}

impl ToolOAuth {
    fn read(written: bool, private: bool, mut from: Reader<'_>) -> Option<Self> {
        if !written {
            from.finish();
            return None;
        }
        let place = from.place_of("token_url");
        let url: Option<HttpUrl> = from.optional("token_url", "https://id.example.com/token", "");
        if url.as_ref().is_some_and(|url| url.0.starts_with("http://")) && !private {
            let message = "the secret would go out in plain text".to_owned();
            let fix =
                "write `https://`, or `private = true` if it is in your own network".to_owned();
            from.fault("token_url", place.as_ref(), message, fix);
        }
        let client_id = from.required("client_id", "orchestack", "");
        let key_place = from.place_of("client_key");
        let secret = from.optional("client_secret", "env:MAIL_CLIENT_SECRET", "");
        let key = from.optional("client_key", "file:/etc/orchestack/mail.pem", "");
        let proof = match (secret, key) {
            (Some(secret), None) => Some(ToolProof::Secret(secret)),
            (None, Some(key)) => Some(ToolProof::Key(key)),
            (secret, _) => {
                let message = match secret {
                    Some(_) => "a secret and a key are named",
                    None => "neither a secret nor a key is named",
                };
                let fix = "write one of `client_secret` (`env:MAIL_CLIENT_SECRET`) and `client_key` (a private key in \
                           PEM, `file:/etc/orchestack/mail.pem`)";
                from.fault("client_key", key_place.as_ref(), message.to_owned(), fix.to_owned());
                None
            }
        };
        let audience: Option<HttpUrl> = from.optional("audience", "https://id.example.com", "");
        let scopes = from.list("scopes", "mail.send", "");
        let resource: Option<HttpUrl> =
            from.optional("resource", "https://mcp.example.com/mcp", "");
        from.finish();
        Some(Self {
            token_url: url.map(|url| url.0),
            client_id: client_id?,
            proof: proof?,
            audience: audience.map(|url| url.0),
            scopes,
            resource: resource.map(|url| url.0),
        })
    }
}

fn tool(name: &str, line: Option<usize>, mut from: Reader<'_>) -> ToolFile {
    if !super::is_tool_name(name) {
        let most = super::TOOL_NAME_CHARS_MAX;
        let fix = format!("use 1 to {most} characters, none of them a control character");
        from.fault("", None, "this is not a name of a tool".to_owned(), fix);
    }
    let place = from.place_of("destinations");
    let destinations: Vec<String> = from.list("destinations", "to", "");
    if destinations.iter().any(|at| at.is_empty() || at == "/") {
        let message = "one of the destinations is empty".to_owned();
        let fix = "name arguments (`to`) or write JSON pointers (`/message/to`)".to_owned();
        from.fault("destinations", place.as_ref(), message, fix);
    }
    let read = ToolFile {
        effect: from.parsed("effect", "unknown", Effect::Unknown, ""),
        replay: from.parsed("replay", "once", Replay::Once, ""),
        integrity: from.optional("trust", "untrusted", ""),
        label: from.optional("label", "internal", ""),
        destinations,
        price: from.optional("price", "0.002", ""),
        calls_per_minute: limits::count(&mut from, "calls_per_minute", 30, 1_000_000, ""),
        hidden: from.flag("hidden", false, ""),
        line,
    };
    from.finish();
    read
}

fn is_variable(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && name.bytes().all(known) && !name.starts_with(|c: char| c.is_ascii_digit())
}
