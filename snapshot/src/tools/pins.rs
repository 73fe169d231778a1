//! The definitions that a commit pins: read, and their schemas compiled, once for each commit.

use std::{collections::BTreeMap, sync::Arc};

use config::{
    Fault,
    tree::{TextFile, ToolFile, ToolServerFile, ToolTransport},
};
use serde_json::Value;
use tools::{
    Definition, DefinitionHash, Flag, Pin, PinnedServer, Schema, SchemaError, Service, Severity,
    hygiene,
};
use types::Effect;

/// A definition that is accepted, ready to hold arguments and results against.
#[derive(Debug)]
pub struct Pinned {
    /// The definition.
    pub definition: Definition,
    /// Its hash.
    pub hash: DefinitionHash,
    /// What its arguments must be.
    pub input: Schema,
    /// What its structured result must be.
    pub output: Option<Schema>,
    /// What a call does by the method of a REST service.
    pub(super) effect: Option<Effect>,
}

/// Every definition that a commit pins, by server and tool.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    servers: BTreeMap<String, OfServer>,
    /// What a person should know of them.
    flags: Vec<Flag>,
    /// What of REST services is no tool.
    left_out: Vec<String>,
}

#[derive(Debug)]
struct OfServer {
    who: Option<PinnedServer>,
    tools: BTreeMap<String, Arc<Pinned>>,
}

impl Pinned {
    /// # Errors
    /// A schema of it cannot be used.
    pub(crate) fn new(server: &str, definition: Definition) -> Result<Self, SchemaError> {
        Ok(Self {
            hash: definition.hash(server),
            input: Schema::compile(&definition.input_schema)?,
            output: definition.output_schema.as_ref().map(Schema::compile).transpose()?,
            effect: None,
            definition,
        })
    }
}

impl Pins {
    /// Reads the pins of every server of a tree.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn read(servers: &BTreeMap<String, ToolServerFile>) -> Result<Self, Vec<Fault>> {
        let (mut read, mut faults, mut left_out) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (name, server) in servers {
            if let Some(of_server) = of_server(server, &mut faults, &mut left_out) {
                read.insert(name.clone(), of_server);
            }
        }
        let mut read = Self { servers: read, flags: Vec::new(), left_out };
        read.flags = hygiene(&read.all());
        let refused = read.flags.iter().filter(|flag| flag.severity == Severity::Refuse);
        faults.extend(refused.map(|flag| refusal(flag, servers)));
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    /// Every definition, with its server.
    pub(crate) fn all(&self) -> Vec<(&str, &Definition)> {
        let mut all = Vec::new();
        for (name, of_server) in &self.servers {
            all.extend(of_server.tools.values().map(|p| (name.as_str(), &p.definition)));
        }
        all
    }

    /// What a person should know of them; none of it is so bad that it was refused.
    pub(crate) fn flags(&self) -> &[Flag] {
        &self.flags
    }

    /// What an operator should look at.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.flags.iter().map(ToString::to_string).chain(self.left_out.iter().cloned())
    }

    /// Those of one server, by tool.
    pub(crate) fn of(&self, server: &str) -> impl Iterator<Item = &Arc<Pinned>> {
        self.servers.get(server).into_iter().flat_map(|of_server| of_server.tools.values())
    }

    /// Who a server said it was.
    pub(crate) fn server(&self, name: &str) -> Option<&PinnedServer> {
        self.servers.get(name)?.who.as_ref()
    }
}

/// The definitions of one server as the tree has them: in a file of pins or in an OpenAPI document.
struct Written<'a> {
    file: &'a str,
    who: Option<PinnedServer>,
    definitions: Vec<(Definition, Option<Effect>)>,
}

impl<'a> Written<'a> {
    /// `None` where the tree has none, or what it has cannot be read.
    fn read(
        server: &'a ToolServerFile,
        faults: &mut Vec<Fault>,
        left_out: &mut Vec<String>,
    ) -> Option<Self> {
        let (file, read) = match (&server.pins, &server.transport) {
            (Some(file), transport) => {
                let read = Pin::parse(&file.text).map_err(|error| {
                    let fix = format!("write it anew with `orchestack tool pin {}`", server.name);
                    fault(&file.path, None, "", error.to_string(), fix)
                });
                let service = match transport {
                    ToolTransport::OpenApi { document, .. } => service(document, faults),
                    ToolTransport::Http { .. }
                    | ToolTransport::Stdio { .. }
                    | ToolTransport::Sandbox
                    | ToolTransport::Functions => None,
                };
                let with_effect = |one: Definition| {
                    let effect = service.as_ref().and_then(|service| effect(service, &one));
                    (one, effect)
                };
                let pinned =
                    |pin: Pin| (Some(pin.server), pin.tools.into_iter().map(with_effect).collect());
                (file, read.map(pinned))
            }
            (None, ToolTransport::OpenApi { document, .. }) => {
                let service = service(document, faults)?;
                (document, Ok((None, of_service(&service, &document.path, left_out))))
            }
            (None, _) => return None,
        };
        match read {
            Ok((who, definitions)) => Some(Self { file: &file.path, who, definitions }),
            Err(told) => {
                faults.push(told);
                None
            }
        }
    }
}

/// The operations of a REST service. Its document is in the tree, so that they are pinned by it.
fn of_service(
    service: &Service,
    file: &str,
    left_out: &mut Vec<String>,
) -> Vec<(Definition, Option<Effect>)> {
    let note =
        |left: &tools::LeftOut| format!("{file}: {} is no tool: {}", left.operation, left.why);
    left_out.extend(service.left_out().iter().map(note));
    service.definitions().map(|one| (one.clone(), effect(service, one))).collect()
}

/// What a call does by the method of its operation.
fn effect(service: &Service, one: &Definition) -> Option<Effect> {
    service.operation(&one.name).map(tools::Operation::effect)
}

/// The REST service of a document.
fn service(document: &TextFile, faults: &mut Vec<Fault>) -> Option<Service> {
    let read = Service::parse(&document.text);
    read.map_err(|error| {
        let fix = "correct the document".to_owned();
        faults.push(fault(&document.path, None, "", error.to_string(), fix));
    })
    .ok()
}

fn of_server(
    server: &ToolServerFile,
    faults: &mut Vec<Fault>,
    left_out: &mut Vec<String>,
) -> Option<OfServer> {
    let Written { file, who, definitions } = Written::read(server, faults, left_out)?;
    let mut tools = BTreeMap::new();
    for (definition, effect) in definitions {
        let name = definition.name.clone();
        match Pinned::new(&server.name, definition) {
            Ok(pinned) => {
                tools.insert(name, Arc::new(Pinned { effect, ..pinned }));
            }
            Err(error) => {
                let fix = "take the tool out of the file: it cannot be called".to_owned();
                let message = format!("a schema of the tool cannot be used: {error}");
                faults.push(fault(file, None, &name, message, fix));
            }
        }
    }
    let asked = server.tools.iter().filter(|(name, _)| !super::reads::is_one(name));
    for (name, said) in asked {
        match tools.get(name) {
            Some(pinned) => destinations(server, (name, said), pinned, faults),
            None => {
                let message = format!("{file} has no tool `{name}`");
                let known: Vec<&str> = tools.keys().map(String::as_str).take(10).collect();
                let fix = format!("name one of its tools ({}), or pin it anew", known.join(", "));
                faults.push(fault(&server.file, said.line, &key(name), message, fix));
            }
        }
    }
    Some(OfServer { who, tools })
}

/// What keeps a commit from running: a definition that nobody should be offered.
fn refusal(flag: &Flag, servers: &BTreeMap<String, ToolServerFile>) -> Fault {
    let file = servers.get(&flag.server).map(|server| match (&server.pins, &server.transport) {
        (None, ToolTransport::OpenApi { document, .. }) => &document.path,
        (Some(pins), _) => &pins.path,
        (None, _) => &server.file,
    });
    let file = file.cloned().unwrap_or_default();
    let message = format!("{}: {}", flag.place, flag.what);
    let fix =
        "take the tool out of the file, or have its server corrected and pin it anew".to_owned();
    fault(&file, None, &flag.tool, message, fix)
}

/// What says where a call goes must be an argument that there is: a word that is mistyped would look at
/// nothing.
fn destinations(
    server: &ToolServerFile,
    (name, said): (&str, &ToolFile),
    pinned: &Pinned,
    faults: &mut Vec<Fault>,
) {
    let schema = &pinned.definition.input_schema;
    for destination in said.destinations.iter().filter(|at| !has(schema, at)) {
        let message = format!("the tool has no argument `{destination}`");
        let known: Vec<&str> = properties(schema).take(10).map(String::as_str).collect();
        let fix = format!("name one of its arguments: {}", known.join(", "));
        let key = format!("{}.destinations", key(name));
        faults.push(fault(&server.file, said.line, &key, message, fix));
    }
}

/// A destination of a tool that a definition of it has no argument for: where calls of it go, nobody would look.
pub(super) fn lost_destination<'f>(
    server: &'f ToolServerFile,
    definition: &Definition,
) -> Option<&'f String> {
    let said = server.tools.get(&definition.name)?;
    said.destinations.iter().find(|at| !has(&definition.input_schema, at))
}

fn properties(schema: &Value) -> impl Iterator<Item = &String> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|named| named.keys())
}

/// Whether a schema has an argument of this name, or at this JSON pointer as far as it says what is where.
fn has(schema: &Value, at: &str) -> bool {
    let mut steps = match at.strip_prefix('/') {
        Some(pointer) => {
            pointer.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect()
        }
        None => vec![at.to_owned()],
    }
    .into_iter();
    let mut schema = schema;
    steps.all(|step| {
        let Some(named) = schema.get("properties").and_then(Value::as_object) else {
            // Of a list, or of what the schema leaves open, any step may be there.
            return schema.get("type").is_none_or(|kind| kind == "array" || kind == "object");
        };
        match named.get(&step) {
            Some(next) => {
                schema = next;
                true
            }
            None => false,
        }
    })
}

fn key(tool: &str) -> String {
    format!("tools.{tool}")
}

fn fault(file: &str, line: Option<usize>, key: &str, message: String, fix: String) -> Fault {
    Fault { file: file.to_owned(), line, key: key.to_owned(), message, fix }
}
