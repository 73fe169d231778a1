//! `kill -9` before and after every arrow of the way of a message, of whichever process draws it: every message is
//! answered once, and what may happen once only happens once or is a question to people.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use simulator::{Behaviour, Price, Simulator};
use support::{Database, ModelSpec, Nats, Rows, Server, Setup, ToolServer, eventually, provider};

use crate::webchat::Visitor;

/// Kills in a short run; `make kill` (`ORCHESTACK_FULL=1`) does the full one, or `KILLS` of them.
const KILLS_SHORT: usize = 4;
const KILLS_FULL: usize = 200;
/// Longer than anything takes that should happen at once, or after a lease.
const SOON: Duration = Duration::from_secs(60);

/// An arrow: the service that draws it, the point at which it ends, and how often one message passes there. Its four
/// steps are a model's, a tool's, a model's and the answer.
const ARROWS: [(&str, &str, usize); 30] = [
    ("webchat", "work.accept", 1),
    ("webchat", "work.accepted", 1),
    ("scheduler", "work.schedule", 1),
    ("scheduler", "work.scheduled", 1),
    ("evaluator", "work.permit", 1),
    ("evaluator", "work.permitted", 1),
    ("dispatcher", "work.dispatch", 1),
    ("dispatcher", "work.dispatched", 1),
    ("runner", "work.claim", 1),
    ("runner", "work.claimed", 1),
    ("runner", "work.grant", 1),
    ("runner", "work.granted", 1),
    ("runner", "work.step.begin", 4),
    ("runner", "work.step.begun", 4),
    ("runner", "run.ask", 2),
    ("runner", "run.asked", 2),
    ("runner", "run.call", 1),
    ("runner", "run.called", 1),
    ("runner", "run.clear", 1),
    ("runner", "run.cleared", 1),
    ("runner", "work.step.end", 4),
    ("runner", "work.step.ended", 4),
    ("runner", "work.finish", 1),
    ("runner", "work.finished", 1),
    ("runner", "outbox.sent", 1),
    ("runner", "outbox.marked", 1),
    ("gateway", "hold.before", 2),
    ("gateway", "hold.journaled", 2),
    ("gateway", "settle.before", 2),
    ("gateway", "settle.journaled", 2),
];
/// The tools, by what a repetition of them does.
const TOOLS: [&str; 3] = ["pure", "idempotent", "once"];

/// The arrows of a runner that goes through a loop: six rounds of a model that calls a tool and hears of it but for
/// one, two checks, what is told in the end, and the answer.
const LOOP_ARROWS: [(&str, &str, usize); 8] = [
    ("runner", "work.step.begin", 19),
    ("runner", "work.step.begun", 19),
    ("runner", "run.ask", 13),
    ("runner", "run.asked", 13),
    ("runner", "run.call", 5),
    ("runner", "run.called", 5),
    ("runner", "work.step.end", 19),
    ("runner", "work.step.ended", 19),
];
/// Each tool in a stage of its own, and a check that sends the work back to the second one once. The simulator calls
/// the tool that the name of a stage is.
const LOOP: &str = r#"
[[stage]]
name = "desk__pure"
tools = ["desk.pure"]

[[stage]]
name = "desk__idempotent"
tools = ["desk.idempotent"]

[[stage]]
name = "desk__once"
tools = ["desk.once"]

[[stage]]
name = "check"
model = "critic"
tools = []
redo = { word = "REDO", stage = "desk__idempotent", times = 1 }

[[stage]]
name = "tell"
tools = []
"#;

/// What a message has its agent do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errand {
    /// Call the tool that it names.
    Tool,
    /// Go through the stages of its loop.
    Loop,
}

impl Errand {
    /// The calls of all tools, and those of the one that may be called but once a time.
    const fn calls(self) -> (usize, usize) {
        match self {
            Self::Tool => (1, 1),
            Self::Loop => (5, 2),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a person asks for long runs by variables")]
fn kills() -> usize {
    let named = std::env::var("ORCHESTACK_KILLS").ok().and_then(|number| number.parse().ok());
    let full = std::env::var_os("ORCHESTACK_FULL").is_some();
    named.unwrap_or(if full { KILLS_FULL } else { KILLS_SHORT })
}

/// One kill: where, how often the point is passed before, and the tool that the message is about.
#[derive(Debug, Clone, Copy)]
struct Kill {
    service: &'static str,
    point: &'static str,
    passes: usize,
    tool: &'static str,
}

/// All of them: first those behind a call whose answer nobody wrote down yet, then as different ones as can be.
fn all(errand: Errand) -> Vec<Kill> {
    let (arrows, tools) = match errand {
        Errand::Tool => (ARROWS.as_slice(), TOOLS.as_slice()),
        Errand::Loop => (LOOP_ARROWS.as_slice(), ["all"].as_slice()),
    };
    let mut all = Vec::new();
    for &tool in tools {
        for &(service, point, times) in arrows {
            all.extend((0..times).map(|passes| Kill { service, point, passes, tool }));
        }
    }
    // Without a divisor in common with their number, the stride comes by each.
    const STRIDE: usize = 37;
    let count = all.len();
    assert!(!count.is_multiple_of(STRIDE), "{count} kills");
    let mut all: Vec<Kill> = (0..count).map(|n| all[n * STRIDE % count]).collect();
    all.sort_by_key(|kill| kill.point != "run.called");
    all
}

/// The processes of an installation: one that is everything, or one of each service.
struct House {
    _simulators: [Simulator; 2],
    desk: ToolServer,
    servers: Vec<(&'static str, Server)>,
    rows: Rows,
    _nats: Option<Nats>,
    errand: Errand,
    /// Messages so far.
    messages: usize,
    /// Kills that left a question to people.
    asked: usize,
    /// How often a message's tool was called, and how many messages that happened to.
    calls: BTreeMap<(&'static str, usize), usize>,
}

impl House {
    /// Everything in one process, on SQLite and the bus within the process.
    async fn whole(errand: Errand) -> Self {
        Self::start(Setup::new(Database::Sqlite).await, &["serve"], None, errand).await
    }

    /// One process of each service, on Postgres and NATS.
    async fn split(errand: Errand) -> Self {
        let nats = Nats::start().await;
        let mut setup = Setup::new(Database::Postgres).await;
        // Runners know it by its address, also after it was killed.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        setup.set("bus.url", nats.url()).set("gateway.listen", &free.to_string());
        let mut house = Self::start(setup, &["gateway"], Some(nats), errand).await;
        let (_, gateway) = &mut house.servers[0];
        let address = gateway.gateway().to_owned();
        gateway.variable("ORCHESTACK_WORK__GATEWAY", Some(&address));
        let all: [(&str, &'static [&'static str]); 6] = [
            ("admin", &["admin"]),
            ("webchat", &["connector", "webchat"]),
            ("scheduler", &["scheduler"]),
            ("evaluator", &["evaluator"]),
            ("dispatcher", &["dispatcher"]),
            ("runner", &["runner"]),
        ];
        for (name, words) in all {
            let server = house.servers[0].1.beside(words).await;
            house.servers.push((name, server));
        }
        house.rows = Rows::of(house.server("admin")).await;
        house
    }

    async fn start(
        mut setup: Setup,
        words: &'static [&'static str],
        nats: Option<Nats>,
        errand: Errand,
    ) -> Self {
        let simulator = provider(&[("model", Price::dollars_per_million(1, 1))]).await;
        let critic = provider(&[("critic", Price::dollars_per_million(1, 1))]).await;
        let never_content = Behaviour { text: Some("REDO".to_owned()), ..Behaviour::default() };
        critic.script(never_content, Vec::new());
        let tool = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" } });
        let desk = ToolServer::start(json!(TOOLS.map(tool))).await;
        setup.set("work.lease", "2s").set("webchat.listen", "127.0.0.1:0");
        setup.set("webchat.enabled", "true").set("budget.agent_day", "1000.00");
        let tree = setup.tree();
        tree.starter();
        tree.openai_provider("sim", &simulator, "local");
        tree.model(ModelSpec { id: "model", provider: "sim", price: Some(("1.00", "1.00")) });
        if errand == Errand::Loop {
            tree.openai_provider("critics", &critic, "local");
            tree.model(ModelSpec {
                id: "critic",
                provider: "critics",
                price: Some(("1.00", "1.00")),
            });
            tree.write("loops/all.toml", LOOP);
            let agent = "owner = \"operator\"\nmodel = \"model\"\nloop = \"all\"\n";
            tree.write("agents/default/agent.toml", agent);
        }
        let mut file = format!("[server]\nurl = \"{}\"\nprivate = true\n", desk.url());
        for tool in TOOLS {
            file.push_str(&format!("\n[tools.{tool}]\neffect = \"read\"\nreplay = \"{tool}\"\n"));
        }
        tree.write("tools/desk.toml", &file).write("tools/desk.json", &desk.pins());
        let server = setup.start_as(words).await;
        let rows = Rows::of(&server).await;
        Self {
            _simulators: [simulator, critic],
            desk,
            servers: vec![("", server)],
            rows,
            _nats: nats,
            errand,
            messages: 0,
            asked: 0,
            calls: BTreeMap::new(),
        }
    }

    /// Where a service is: in a process of its own, or in the only one.
    fn place(&self, service: &str) -> usize {
        self.servers.iter().position(|(name, _)| *name == service).unwrap_or_default()
    }

    fn server(&self, service: &str) -> &Server {
        &self.servers[self.place(service)].1
    }

    /// Starts the process of a service anew, with a point at which it ends or without. One with a point may come
    /// there before anybody asks it for anything.
    async fn again(&mut self, service: &str, point: Option<&str>) {
        let place = self.place(service);
        let (_, server) = &mut self.servers[place];
        if !server.has_ended() {
            server.kill9();
        }
        server.variable("FAILPOINTS", point);
        assert!(server.begin().await || point.is_some(), "it starts");
    }

    /// One message, whose way is cut once.
    async fn kill(&mut self, kill: Kill) {
        let Kill { service, point, passes, tool } = kill;
        let before = self.desk.got().len();
        let visitor = Visitor::of(self.server("webchat")).await;
        self.again(service, Some(&format!("{point}={passes}*off->return"))).await;
        let (id, text) = (format!("m{}", self.messages), format!("Use desk__{tool}."));
        self.messages += 1;
        let acknowledged = visitor.tries(self.server("webchat"), &id, &text).await;
        let place = self.place(service);
        let (_, server) = &mut self.servers[place];
        eventually(&format!("{kill:?} is reached"), SOON, async || {
            server.has_ended().then_some(())
        })
        .await;
        self.again(service, None).await;
        if !acknowledged {
            // Whoever was not told that it arrived says it again.
            assert!(visitor.tries(self.server("webchat"), &id, &text).await, "{kill:?}");
        }
        if let Some(effect) = self.answered(kill).await {
            assert!(matches!(tool, "once" | "all"), "{kill:?}");
            self.asked += 1;
            let mut heard = visitor.listens(self.server("webchat")).await;
            let question = heard.next("approval").await;
            assert_eq!(question["body"]["ask"], "effect", "{kill:?}");
            assert_eq!(question["body"]["effect"], effect.as_str(), "{kill:?}");
            self.server("admin").json(&["effect", "resolve", &effect, "happened"]);
            assert_eq!(self.answered(kill).await, None, "{kill:?}");
        }
        let calls = self.desk.got().split_off(before);
        let once = calls.iter().filter(|(name, _)| name == "once").count();
        let (all_of, once_of) = self.errand.calls();
        assert!(calls.len() <= all_of + 1 && once <= once_of, "{kill:?}: called {calls:?}");
        // A receiver that keeps keys has one effect, however often it was called. What people said has happened
        // may not have.
        let keys: BTreeSet<String> = self.desk.keys().drain(before..).collect();
        let (calls, keys) = (calls.len(), keys.len());
        assert_eq!(keys, calls.min(all_of), "{kill:?}");
        assert!(keys + 1 >= all_of, "{kill:?}: {keys} keys");
        *self.calls.entry((tool, calls)).or_default() += 1;
    }

    /// Waits until the last message is answered; the key of an effect where people are asked about one instead.
    async fn answered(&self, kill: Kill) -> Option<String> {
        let messages = i64::try_from(self.messages).unwrap();
        eventually(&format!("an answer, or a question, after {kill:?}"), SOON, async || {
            let unknown = "select idempotency_key from effects where state = 'unknown'";
            if let Some(effect) = self.rows.texts(unknown).await.pop() {
                return Some(Some(effect));
            }
            let done = "select count(*) from tasks where state = 'completed'";
            (self.rows.number(done).await == messages).then_some(None)
        })
        .await
    }

    /// Everything is there once, whatever was killed.
    async fn assert_whole(&self) {
        let (calls, _) = self.errand.calls();
        for (query, each) in [
            ("select count(*) from inbox", 1),
            ("select count(*) from runs where state = 'completed'", 1),
            ("select count(*) from transcript where kind = 'user'", 1),
            ("select count(*) from transcript where kind = 'assistant'", 1),
            ("select count(*) from effects", calls),
            ("select count(*) from effects where state = 'sent'", calls),
        ] {
            let expected = i64::try_from(self.messages * each).unwrap();
            assert_eq!(self.rows.number(query).await, expected, "{query}");
        }
        assert_eq!(self.rows.number("select count(*) from dead_letters").await, 0);
        assert!(self.server("admin").json(&["audit", "verify"])["ok"].as_bool().unwrap());
    }
}

async fn killed(mut house: House) {
    let all = all(house.errand);
    for kill in all.iter().cycle().take(kills()) {
        house.kill(*kill).await;
    }
    house.assert_whole().await;
    println!(
        "{} kills at {} places: {} messages answered, {} questions; calls by tool and message {:?}",
        house.messages,
        all.len().min(kills()),
        house.messages,
        house.asked,
        house.calls,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_arrow_loses_and_doubles_nothing_in_one_process() {
    killed(House::whole(Errand::Tool).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_of_any_process_at_any_arrow_loses_and_doubles_nothing() {
    killed(House::split(Errand::Tool).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_within_a_loop_goes_on_in_its_stage_in_one_process() {
    killed(House::whole(Errand::Loop).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_within_a_loop_goes_on_in_its_stage() {
    killed(House::split(Errand::Loop).await).await;
}
