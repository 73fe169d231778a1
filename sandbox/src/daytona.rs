//! Sandboxes at Daytona, over its REST interface: machines elsewhere, whose walls are Daytona's. What
//! we add is what a crash of ours must not break: names and sessions are derived from our own keys, so
//! that whoever comes back finds what was made and what runs.

mod api;
mod script;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use types::{Secret, Timestamp};
use url::Url;

use self::api::{Answer, Api, Found, Session};
use crate::{
    Allow, Driver, End, Entry, Error, Exit, Guard, Handle, Isolation, Kind, Layer, Spec, Status,
    Stream, Swept, Trust,
    driver::{Command, Name},
    local::names,
};

/// How to reach Daytona, and what is ours there.
pub struct DaytonaOptions {
    /// The address of its API, such as `https://app.daytona.io/api`.
    pub base: Url,
    /// Its key.
    pub key: Secret,
    /// A word for all sandboxes of this installation: others are left alone.
    pub owner: Name,
    /// The folder of each sandbox's files, within it.
    pub workspace: String,
    /// An address that answers everywhere, and must not where a sandbox may connect to nothing.
    pub canary: Url,
    /// How long a sandbox may take to start.
    pub start_within: Duration,
    /// How long one request may take.
    pub answer_within: Duration,
}

/// Sandboxes at Daytona.
pub struct Daytona {
    api: Api,
    options: DaytonaOptions,
    isolation: Isolation,
    /// Where the inner interface of each sandbox is, by its id.
    inner: Mutex<BTreeMap<String, Url>>,
}

/// The label that says whose a sandbox is.
const OWNER: &str = "orchestack";
/// The label of those that stay.
const LASTING: &str = "orchestack-lasting";
/// How long a sandbox that was stopped is kept at least, in minutes.
const MINUTES_MIN: i64 = 60;
/// Pauses between looks at a sandbox that starts.
const LOOK: Duration = Duration::from_millis(250);

impl Daytona {
    /// Opens the driver, after one request that shows that the service answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn open(options: DaytonaOptions) -> Result<Self, Error> {
        let api = Api::new(&options)?;
        api.send("read the configuration", Method::GET, &["config"], &[], None).await?.done()?;
        // The key opens nothing else: it is sent to this host and to the inner interfaces alone.
        let there = |what: &str| Guard::Enforced(format!("Daytona's machine: {what}"));
        let layers = vec![
            (Layer::Namespaces, there("one for each sandbox")),
            (Layer::Capabilities, there("root within is root of that machine only")),
            (Layer::NestedNamespaces, there("those of that machine only")),
            (Layer::Seccomp, there("its own kernel or filter, which we do not see")),
            (Layer::Network, there("its lists, tried at each start")),
            (Layer::Files, there("none of ours")),
            (Layer::Memory, there("its size")),
            (Layer::Processes, there("its size")),
            (Layer::Cpu, there("its size")),
            (Layer::Disk, there("its size")),
        ];
        Ok(Self { api, options, isolation: Isolation { layers }, inner: Mutex::default() })
    }

    /// What we call a sandbox there.
    fn name(&self, name: &Name) -> String {
        format!("{}-{name}", self.options.owner)
    }

    /// Waits until a sandbox runs; starts it where it was stopped.
    async fn started(&self, name: &str) -> Result<Found, Error> {
        let begun = tokio::time::Instant::now();
        loop {
            let path = ["sandbox", name];
            let found = self.api.send("find a sandbox", Method::GET, &path, &[], None).await?;
            let found: Found = found.read()?;
            match found.state.as_deref() {
                Some("started") => {
                    let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
                    inner.insert(found.id.clone(), self.api.inner(&found)?);
                    return Ok(found);
                }
                Some("stopped" | "archived" | "paused") => {
                    let path = ["sandbox", name, "start"];
                    self.api
                        .send("start a sandbox", Method::POST, &path, &[], None)
                        .await?
                        .done()?;
                }
                Some("error" | "build_failed" | "destroyed" | "destroying") | None => {
                    let why =
                        format!("its state is {:?}", found.state.as_deref().unwrap_or("none"));
                    return Err(Error::Remote { act: "start a sandbox", why, retry: false });
                }
                Some(_) => {}
            }
            if begun.elapsed() > self.options.start_within {
                let why = "it does not start in time".to_owned();
                return Err(Error::Remote { act: "start a sandbox", why, retry: true });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether a sandbox that may connect to nothing connects to nothing.
    async fn try_out(&self, handle: &Handle) -> Result<(), Error> {
        let url = self.options.canary.as_str();
        let words = ["curl", "--silent", "--output", "/dev/null", "--max-time", "5", "--", url];
        let outcome = self
            .exec(handle, &Command::new(format!("canary {}", types::EventId::generate()), words))
            .await?;
        match outcome.exit.end {
            End::Status(0) => {
                let _ = self.stop(handle).await;
                let why = "it reaches the internet, although it may connect to nothing";
                let layers = vec![(Layer::Network, Guard::Absent(why.to_owned()))];
                Err(Error::NotIsolated(Box::new(Isolation { layers })))
            }
            _ => Ok(()),
        }
    }

    async fn inner(&self, handle: &Handle) -> Result<Url, Error> {
        let known =
            self.inner.lock().unwrap_or_else(PoisonError::into_inner).get(&handle.id).cloned();
        match known {
            Some(url) => Ok(url),
            None => {
                let found = self.started(&handle.id).await?;
                self.api.inner(&found)
            }
        }
    }

    /// A request to a sandbox's inner interface. One that fails by itself is looked into: a sandbox
    /// that ran out of memory says 502 while its state says that it runs.
    async fn within(
        &self,
        handle: &Handle,
        act: &'static str,
        (method, path, query): (Method, &[&str], &[(&str, &str)]),
        body: Option<api::Body<'_>>,
    ) -> Result<Answer, Error> {
        let base = self.inner(handle).await?;
        let answer = self.api.send_to(&base, act, method, path, query, body).await?;
        if answer.status == 502 {
            let path = ["sandbox", &handle.id];
            let found = self.api.send("find a sandbox", Method::GET, &path, &[], None).await?;
            let found: Found = found.read()?;
            let state = found.state.unwrap_or_default();
            let retry = state == "started";
            return Err(Error::Remote {
                act,
                why: format!("502 while its state is {state}"),
                retry,
            });
        }
        Ok(answer)
    }

    /// The session of a key; none if nobody made it.
    async fn session(&self, handle: &Handle, key: &str) -> Result<Option<Session>, Error> {
        let id = script::session(key);
        let path = ["process", "session", &id];
        let answer = self.within(handle, "find a command", (Method::GET, &path, &[]), None).await?;
        if answer.status == 404 { Ok(None) } else { answer.read().map(Some) }
    }

    /// The run of a key: the first that did not find that another had begun.
    async fn run_of(&self, handle: &Handle, key: &str) -> Result<api::Run, Error> {
        let missing = || Error::NoCommand { key: key.to_owned() };
        let session = self.session(handle, key).await?.ok_or_else(missing)?;
        let runs = session.commands.unwrap_or_default();
        if runs.is_empty() {
            return Err(missing());
        }
        let first = runs.into_iter().find(|run| run.exit_code != Some(script::TAKEN));
        first.ok_or_else(|| Error::Lost { key: key.to_owned() })
    }

    fn path(&self, path: &str) -> Result<String, Error> {
        let names = names(path)?;
        Ok(format!("{}/{}", self.options.workspace, names.join("/"))
            .trim_end_matches('/')
            .to_owned())
    }

    /// What Daytona is told of where a sandbox may connect to.
    fn egress(allow: &[Allow]) -> Result<(bool, String), Error> {
        let cannot = |why: &str| Err(Error::Spec { why: format!("Daytona cannot do this: {why}") });
        if allow.iter().any(|allow| allow.private) {
            return cannot("private addresses are not those of its machines");
        }
        if allow.iter().any(|allow| !matches!(allow.port, 80 | 443)) {
            return cannot("its list has the ports 80 and 443 only");
        }
        let hosts: BTreeSet<&str> = allow.iter().map(|allow| allow.host.as_str()).collect();
        Ok((hosts.is_empty(), hosts.into_iter().collect::<Vec<_>>().join(",")))
    }
}

#[async_trait]
impl Driver for Daytona {
    fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    async fn create(&self, spec: &Spec) -> Result<Handle, Error> {
        spec.limits.check()?;
        let (block, hosts) = Self::egress(&spec.egress)?;
        let gib = |bytes: u64| bytes.div_ceil(1 << 30).max(1);
        let minutes = i64::try_from(spec.idle.as_secs().div_ceil(60)).unwrap_or(i64::MAX);
        let kept = minutes.max(MINUTES_MIN);
        let mut body = json!({
            "name": self.name(&spec.name),
            "env": spec.env,
            "labels": { OWNER: self.options.owner, LASTING: spec.persistent.to_string() },
            "public": false,
            "networkBlockAll": block,
            "cpu": spec.limits.cpu_milli.div_ceil(1000),
            "memory": gib(spec.limits.memory_bytes),
            "disk": gib(spec.limits.disk_bytes),
            "autoStopInterval": 15,
            "autoDeleteInterval": if spec.persistent { -1 } else { kept },
        });
        if let Value::Object(fields) = &mut body {
            if !block {
                fields.insert("domainAllowList".into(), hosts.into());
            }
            if let Some(image) = &spec.image {
                fields.insert("snapshot".into(), image.clone().into());
            }
        }
        let body = Some(api::Body::Json(&body));
        let made = self.api.send("make a sandbox", Method::POST, &["sandbox"], &[], body).await?;
        // The name is taken: somebody made it before, most likely we.
        if made.status != 409 {
            made.done()?;
        }
        let found = self.started(&self.name(&spec.name)).await?;
        let handle = Handle { name: spec.name.clone(), id: found.id };
        let query = [("path", self.options.workspace.as_str()), ("mode", "0755")];
        let folder = (Method::POST, ["files", "folder"].as_slice(), query.as_slice());
        self.within(&handle, "make the workspace", folder, None).await?.done()?;
        if block && spec.trust == Trust::Untrusted {
            self.try_out(&handle).await?;
        }
        Ok(handle)
    }

    async fn reach(&self, sandbox: &Handle, allow: &[Allow]) -> Result<(), Error> {
        let (block, hosts) = Self::egress(allow)?;
        let mut body = json!({ "networkBlockAll": block });
        if let (false, Value::Object(fields)) = (block, &mut body) {
            fields.insert("domainAllowList".into(), hosts.into());
        }
        let path = ["sandbox", &sandbox.id, "network-settings"];
        let body = Some(api::Body::Json(&body));
        // What is not confirmed counts as open: nothing runs then.
        self.api.send("set what it may reach", Method::POST, &path, &[], body).await?.done()
    }

    async fn start(&self, sandbox: &Handle, command: &Command) -> Result<Status, Error> {
        command.check()?;
        let script = script::of(command, &self.options.workspace)?;
        let id = script::session(&command.key);
        let body = json!({ "sessionId": id });
        let make = (Method::POST, ["process", "session"].as_slice(), [].as_slice());
        let made =
            self.within(sandbox, "begin a command", make, Some(api::Body::Json(&body))).await?;
        if made.status != 409 {
            made.done()?;
        }
        let session = self.session(sandbox, &command.key).await?;
        let runs = session.and_then(|session| session.commands).unwrap_or_default();
        if let Some(run) = runs.first() {
            if run.command != script {
                return Err(Error::KeyTaken { key: command.key.clone() });
            }
        } else {
            // Two that come here at once both ask; what they ask for runs once.
            let body = json!({ "command": script, "runAsync": true });
            let path = ["process", "session", id.as_str(), "exec"];
            let run = (Method::POST, path.as_slice(), [].as_slice());
            let begun = self.within(sandbox, "begin a command", run, Some(api::Body::Json(&body)));
            begun.await?.done()?;
        }
        self.status(sandbox, &command.key).await
    }

    async fn status(&self, sandbox: &Handle, key: &str) -> Result<Status, Error> {
        let run = match self.run_of(sandbox, key).await {
            // Its mark is there and its record is not: the machine was started anew meanwhile.
            Err(Error::Lost { .. }) => return Ok(Status::Lost),
            found => found?,
        };
        let Some(code) = run.exit_code else { return Ok(Status::Running) };
        let end = match code {
            script::TIMED_OUT => End::TimedOut,
            script::CANCELLED => End::Cancelled,
            code => End::Status(code),
        };
        let now = Timestamp::now();
        let isolation = self.isolation.clone();
        let logs = self.logs(sandbox, key, &run).await?;
        Ok(Status::Ended(Exit {
            end,
            started_at: now,
            ended_at: now,
            stdout_bytes: logs.stdout.len() as u64,
            stderr_bytes: logs.stderr.len() as u64,
            isolation,
        }))
    }

    async fn output(
        &self,
        sandbox: &Handle,
        key: &str,
        stream: Stream,
        from: u64,
        most: usize,
    ) -> Result<Vec<u8>, Error> {
        let run = self.run_of(sandbox, key).await?;
        let logs = self.logs(sandbox, key, &run).await?;
        let text = match stream {
            Stream::Stdout => logs.stdout,
            Stream::Stderr => logs.stderr,
        };
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(text.into_bytes().into_iter().skip(from).take(most).collect())
    }

    async fn cancel(&self, sandbox: &Handle, key: &str) -> Result<(), Error> {
        self.run_of(sandbox, key).await?;
        // Its session stays, for its record is there: another one ends what runs in it.
        let end = script::end(key, &self.options.workspace);
        let id = script::session(&format!("end of {key}"));
        let body = json!({ "sessionId": id });
        let make = (Method::POST, ["process", "session"].as_slice(), [].as_slice());
        let made =
            self.within(sandbox, "end a command", make, Some(api::Body::Json(&body))).await?;
        if made.status != 409 {
            made.done()?;
        }
        let body = json!({ "command": end, "runAsync": true });
        let path = ["process", "session", id.as_str(), "exec"];
        let run = (Method::POST, path.as_slice(), [].as_slice());
        self.within(sandbox, "end a command", run, Some(api::Body::Json(&body))).await?.done()
    }

    async fn read(&self, sandbox: &Handle, path: &str, most: u64) -> Result<Vec<u8>, Error> {
        let at = self.path(path)?;
        let query = [("path", at.as_str())];
        let get = (Method::GET, ["files", "download"].as_slice(), query.as_slice());
        let answer = self.within(sandbox, "read a file", get, None).await?;
        match answer.status {
            404 => Err(Error::NotFound { path: path.to_owned() }),
            400 => Err(Error::NotA { path: path.to_owned(), wanted: "a file" }),
            _ => {
                let bytes = answer.bytes()?;
                let fits = bytes.len() as u64 <= most;
                if fits { Ok(bytes) } else { Err(Error::TooLarge { what: path.to_owned(), most }) }
            }
        }
    }

    async fn write(&self, sandbox: &Handle, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let at = self.path(path)?;
        let query = [("path", at.as_str())];
        let post = (Method::POST, ["files", "upload-v2"].as_slice(), query.as_slice());
        self.within(sandbox, "write a file", post, Some(api::Body::Bytes(bytes))).await?.done()
    }

    async fn list(&self, sandbox: &Handle, path: &str, most: usize) -> Result<Vec<Entry>, Error> {
        let at = self.path(path)?;
        let query = [("path", at.as_str())];
        let get = (Method::GET, ["files"].as_slice(), query.as_slice());
        let answer = self.within(sandbox, "list a folder", get, None).await?;
        match answer.status {
            404 => return Err(Error::NotFound { path: path.to_owned() }),
            400 => return Err(Error::NotA { path: path.to_owned(), wanted: "a folder" }),
            _ => {}
        }
        let found: Vec<api::FileInfo> = answer.read()?;
        if found.len() > most {
            return Err(Error::TooLarge {
                what: format!("the list of `{path}`"),
                most: most as u64,
            });
        }
        let entry = |file: api::FileInfo| {
            let kind = if file.is_dir { Kind::Folder } else { Kind::File };
            let bytes = if file.is_dir { 0 } else { file.size };
            Entry { name: file.name, kind, bytes }
        };
        let mut entries: Vec<Entry> = found.into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn refused(&self, _sandbox: &Handle) -> Vec<String> {
        // Daytona drops packets and tells nobody.
        Vec::new()
    }

    async fn stop(&self, sandbox: &Handle) -> Result<(), Error> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).remove(&sandbox.id);
        let path = ["sandbox", &sandbox.id];
        let gone = self.api.send("remove a sandbox", Method::DELETE, &path, &[], None).await?;
        if gone.status == 404 { Ok(()) } else { gone.done() }
    }

    async fn sweep(&self, keep: &BTreeSet<Name>) -> Result<Swept, Error> {
        let labels = json!({ OWNER: self.options.owner }).to_string();
        let (mut swept, mut cursor) = (Swept::default(), None::<String>);
        let keep: BTreeSet<String> = keep.iter().map(|name| self.name(name)).collect();
        // A bound on pages: a cursor that never ends is a fault of the service.
        for _ in 0..100 {
            let mut query = vec![("labels", labels.as_str()), ("limit", "100")];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let act = "list sandboxes";
            let page = self.api.send(act, Method::GET, &["sandbox"], &query, None).await?;
            let page: api::Page = page.read()?;
            for found in page.items {
                let lasting = found.labels.get(LASTING).is_some_and(|value| value == "true");
                if lasting || keep.contains(&found.name) {
                    swept.kept += 1;
                    continue;
                }
                let name: Name = "swept".parse()?;
                // One that is stuck while it starts cannot be removed: the next sweep tries again.
                match self.stop(&Handle { name, id: found.id }).await {
                    Ok(()) => swept.removed += 1,
                    Err(error) => swept.failed.push((found.name, error.to_string())),
                }
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(swept)
    }
}

impl Daytona {
    async fn logs(&self, handle: &Handle, key: &str, run: &api::Run) -> Result<api::Logs, Error> {
        let id = script::session(key);
        let path = ["process", "session", id.as_str(), "command", run.id.as_str(), "logs"];
        let get = (Method::GET, path.as_slice(), [].as_slice());
        self.within(handle, "read a command's output", get, None).await?.read()
    }
}
