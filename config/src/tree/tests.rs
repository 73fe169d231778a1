use std::num::NonZeroU32;

use proptest::prelude::*;
use types::{Label, Nanos, NanosPerMillion, Tokenizer};

use super::*;
use crate::{Settings, starter};

fn files(list: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

#[track_caller]
fn load(list: &[(&str, &str)]) -> Tree {
    Tree::load("c0ffee", &files(list)).unwrap()
}

#[track_caller]
fn faults(list: &[(&str, &str)]) -> String {
    let faults = Tree::load("c0ffee", &files(list)).unwrap_err();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// The text of a file with its example lines (`# key = ..`, `#key = ..`, `# [..]`) in force.
fn uncommented(text: &str) -> String {
    let line = |line: &str| {
        let rest = line.trim_start_matches('#').trim_start();
        let is_key = rest.split_once(" = ").is_some_and(|(key, _)| {
            key.bytes().all(|b| b.is_ascii_lowercase() || b"_.".contains(&b))
        });
        let taken = is_key || rest.starts_with('[');
        if taken { rest.to_owned() } else { line.to_owned() }
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

const AGENT: &str = r#"
owner = "ada@example.com"
kind = "system"
description = "Answers tickets."
groups = ["support", "can_use_network"]
label = "internal"
model = "auto:cheap"
fallbacks = ["qwen3-8b"]
[budget]
day = "2.50"
total = "100"
[limits]
requests_per_minute = 60
concurrent_requests = 4
[weights]
quality = 90
"#;

const PROVIDER: &str = r#"
name = "vllm"
kind = "openai"
base_url = "http://10.0.0.2:8000/v1/"
locality = "local"
max_concurrent = 8
timeouts.first_byte = "2m"
limits.tokens_per_minute = 50_000
"#;

const MODELS: &str = r#"
[[model]]
id = "qwen3-8b"
provider = "vllm"
upstream = "Qwen/Qwen3-8B"
size = "small"
context_tokens = 32768
max_output_tokens = 8192
capabilities = ["tools", "streaming"]
quality = 40
free = true

[[model]]
id = "gpt-5-mini"
provider = "openai"
context_tokens = 400000
max_output_tokens = 128000
aliases = ["fast"]
fallbacks = ["qwen3-8b"]
price = { input = "0.25", output = "2.00", cached = "0.025" }
limits.requests_per_minute = 9
"#;

#[test]
fn a_whole_tree_is_read() {
    let tree = load(&[
        ("README.md", "hello"),
        ("LICENSE", "any"),
        (".gitignore", "*~"),
        (
            "orchestack.toml",
            "[budget.tenant]\nday = \"100\"\n[limits.keys]\nrequests_per_minute = 100\n[dlp]\nregions = [\"DE\"]\n",
        ),
        ("policies/base.cedar", "permit(principal, action, resource);"),
        ("policies/schema.cedarschema", "namespace X {}"),
        ("policies/README.md", "about"),
        ("tests/README.md", "about"),
        ("tests/.gitkeep", ""),
        ("tests/team/cases.toml", ""),
        ("invariants/README.md", "about"),
        ("invariants/own.toml", ""),
        ("agents/tickets/agent.toml", AGENT),
        ("agents/tickets/own.cedar", "// nothing"),
        ("providers/vllm.toml", PROVIDER),
        ("models/all.toml", MODELS),
        ("runbooks/restart.md", "# Restart"),
    ]);
    assert_eq!(tree.commit, "c0ffee");
    assert_eq!(tree.policies.len(), 1);
    assert_eq!(tree.raw.len(), 4);
    assert_eq!(tree.settings.tenant.day, Some(Nanos(100_000_000_000)));
    assert!(tree.settings.dlp.as_ref().is_some_and(|dlp| dlp.contains_key("regions")));
    let agent = &tree.agents["tickets"];
    assert_eq!((agent.kind, agent.label), (AgentKind::System, Some(Label::Internal)));
    assert_eq!(agent.budget.day, Some(Nanos(2_500_000_000)));
    assert_eq!(agent.weights.map(|w| (w.cost, w.quality)), Some((50, 90)));
    assert_eq!((agent.hedge_after, &agent.scorer), (None, &AgentScorer::Organisations));
    let many = |count| NonZeroU32::new(count);
    let rates = Rates { requests: many(60), tokens: None, concurrent: many(4) };
    assert_eq!(agent.limits, rates);
    let other = Rates { requests: many(5), tokens: many(7), concurrent: None };
    assert_eq!(rates.or(other), Rates { tokens: many(7), ..rates });
    assert_eq!(tree.providers[0].limits.tokens, many(50_000));
    assert_eq!(tree.models[0].limits.requests, many(9));
    assert_eq!(tree.settings.limits.keys.requests, many(100));
    assert_eq!(tree.settings.limits.tenant, Rates::default());
    assert_eq!(agent.policies[0].path, "agents/tickets/own.cedar");
    assert_eq!(tree.providers[0].base_url, "http://10.0.0.2:8000/v1");
    assert_eq!(tree.providers[0].max_tokens_field, MaxTokensField::Legacy);
    let [cloud, local] = &tree.models[..] else { panic!("{:?}", tree.models) };
    assert_eq!((cloud.upstream.as_str(), local.upstream.as_str()), ("gpt-5-mini", "Qwen/Qwen3-8B"));
    assert_eq!(local.price, Some(ModelPrice::Free));
    let dollars = |nanos| NanosPerMillion(nanos);
    let standard = TokenPrice {
        input: dollars(250_000_000),
        output: dollars(2_000_000_000),
        cached: Some(dollars(25_000_000)),
    };
    let (flex, priority, second) = (None, None, Nanos::ZERO);
    assert_eq!(cloud.price, Some(ModelPrice::Charged { standard, flex, priority, second }));
}

fn model_with(price: &str) -> String {
    format!("id = \"m\"\nprovider = \"vllm\"\ncontext_tokens = 9\nmax_output_tokens = 9\n{price}")
}

#[test]
fn a_model_is_priced_by_time_and_by_class_of_service() {
    let price = |text: &str| {
        let model = model_with(text);
        let tree = load(&[("providers/vllm.toml", PROVIDER), ("models/m.toml", &model)]);
        tree.models[0].price
    };
    let tokens = |input, output| TokenPrice {
        input: NanosPerMillion(input),
        output: NanosPerMillion(output),
        cached: None,
    };
    let (standard, flex, priority) = (TokenPrice::default(), None, None);
    assert_eq!(
        price("price.second = \"0.0004\""),
        Some(ModelPrice::Charged { standard, flex, priority, second: Nanos(400_000) }),
    );
    let text =
        "[price]\ninput = \"2\"\noutput = \"4\"\npriority = { input = \"3\", output = \"6\" }";
    let (standard, second) = (tokens(2_000_000_000, 4_000_000_000), Nanos::ZERO);
    let priority = Some(tokens(3_000_000_000, 6_000_000_000));
    assert_eq!(price(text), Some(ModelPrice::Charged { standard, flex, priority, second }));
    let told = |text: &str| {
        let model = model_with(text);
        faults(&[("providers/vllm.toml", PROVIDER), ("models/m.toml", &model)])
    };
    assert!(told("price.second = \"1\"\nprice.input = \"1\"").contains("price.output"));
    assert!(
        told("price = { input = \"1\", output = \"1\", flex = { input = \"1\" } }")
            .contains("price.flex.output")
    );
    assert!(told("price.batch = { input = \"1\", output = \"1\" }").contains("price.batch"));
}

#[test]
fn a_model_for_embeddings_needs_no_output() {
    let file = |more: &str| {
        format!(
            "id = \"e\"\nprovider = \"vllm\"\ncontext_tokens = 9\n\
             capabilities = [\"embeddings\"]\n{more}"
        )
    };
    let read = |more: &str| {
        let tree = load(&[("providers/vllm.toml", PROVIDER), ("models/e.toml", &file(more))]);
        (tree.models[0].max_output_tokens, tree.models[0].capabilities, tree.models[0].price)
    };
    let (output, can, price) = read("price.input = \"0.02\"");
    assert!(can.embeddings && !can.streaming && !can.tools && output == 0);
    let input = NanosPerMillion(20_000_000);
    let standard = TokenPrice { input, ..TokenPrice::default() };
    let (flex, priority, second) = (None, None, Nanos::ZERO);
    assert_eq!(price, Some(ModelPrice::Charged { standard, flex, priority, second }));
    assert_eq!(read("free = true\nmax_output_tokens = 7").0, 7);
}

#[test]
fn what_a_kind_of_provider_needs_is_read_and_what_does_not_fit_is_told() {
    let bedrock = "name = 'b'\nkind = 'bedrock'\nlocality = 'cloud'\n\
        base_url = 'https://bedrock-runtime.eu-west-1.amazonaws.com'\n\
        aws.access_key_id = 'env:ID'\naws.secret_access_key = 'file:/run/key'\n";
    let azure = "name = 'a'\nkind = 'azure'\nlocality = 'cloud'\nbase_url = 'https://r.example'\n\
        api_version = '2024-10-21'\nauth = 'bearer'\nstream_usage = false\n";
    let tree = load(&[("providers/a.toml", azure), ("providers/b.toml", bedrock)]);
    let [a, b] = tree.providers.as_slice() else { panic!("{:?}", tree.providers) };
    let particulars = &a.particulars;
    assert_eq!(particulars.api_version.as_deref(), Some("2024-10-21"));
    assert!(particulars.bearer && particulars.no_stream_usage);
    assert_eq!(a.max_tokens_field, MaxTokensField::Completion);
    let aws = b.particulars.aws.as_ref().unwrap();
    assert_eq!((&*aws.region, &*aws.secret_access_key), ("eu-west-1", "file:/run/key"));

    let wrong = azure.replace("azure", "openai").replace("bearer", "basic");
    let told = faults(&[("providers/a.toml", &wrong)]);
    assert!(told.contains("providers/a.toml:5: api_version: only the kind `azure`"), "{told}");
    assert!(told.contains("providers/a.toml:6: auth: it is neither `key` nor `bearer`"), "{told}");
    let half = bedrock.replace("aws.access_key_id = 'env:ID'\n", "aws.secret = 'x'\n");
    let told = faults(&[("providers/b.toml", &half)]);
    assert!(told.contains("aws.access_key_id") && told.contains("aws.secret"), "{told}");
}

#[test]
fn discounts_are_read_by_provider_and_each_once() {
    let of = |text: &str| load(&[("orchestack.toml", text)]).settings.discounts;
    let text = "[[discount]]\nprovider = \"openai\"\noff = \"12.5%\"\n\
                [[discount]]\nprovider = \"groq\"\noff = \"3%\"\n";
    let read: Vec<_> = of(text).into_iter().map(|(name, off)| (name, off.to_string())).collect();
    let expected = [("groq", "3%"), ("openai", "12.50%")];
    assert_eq!(read, expected.map(|(name, off)| (name.to_owned(), off.to_owned())));
    assert!(of("").is_empty());
    let told = |text: &str| faults(&[("orchestack.toml", text)]);
    let bad = told("[[discount]]\nprovider = \"openai\"\noff = \"100%\"\n");
    assert!(bad.contains("discount[0].off") && bad.contains("is not a discount"), "{bad}");
    let twice = told(&text.replace("groq", "openai"));
    assert!(twice.contains("discount[1].provider") && twice.contains("two discounts"), "{twice}");
    assert!(told("[[discount]]\noff = \"1%\"\n").contains("discount[0].provider"));
}

#[test]
fn limits_that_limit_nothing_are_faults() {
    let none =
        faults(&[("agents/a/agent.toml", "owner = \"x\"\nlimits.requests_per_minute = 0\n")]);
    assert!(none.contains("limits.requests_per_minute"), "{none}");
    let provider = format!("{PROVIDER}limits.concurrent_requests = 3\n");
    let twice = faults(&[("providers/vllm.toml", &provider)]);
    assert!(twice.contains("limits.concurrent_requests"), "{twice}");
    let anybody = faults(&[("orchestack.toml", "[limits]\nrequests_per_minute = 3\n")]);
    assert!(anybody.contains("limits.requests_per_minute"), "{anybody}");
}

#[test]
fn the_starter_loads_as_it_is() {
    let tree = load(starter::FILES);
    assert!(tree.agents.contains_key("default"));
    assert!(tree.providers.is_empty() && tree.models.is_empty());
}

#[test]
fn the_starter_loads_with_every_example_in_force() {
    let all: Vec<(&str, String)> = starter::FILES
        .iter()
        .map(|(path, text)| {
            let is_toml = path.ends_with(".toml");
            (*path, if is_toml { uncommented(text) } else { (*text).to_owned() })
        })
        .collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let tree = load(&all);
    assert_eq!((tree.providers.len(), tree.models.len()), (3, 3));
    assert_eq!(tree.settings.agents.day, Some(Settings::default().budget.agent_day));
    assert_eq!(tree.settings.local_from, Some(Settings::default().routing.local_from));
    assert!(tree.agents["default"].budget.total.is_some());
    assert_eq!(tree.tools["examples"].tools["send"].destinations, ["to", "cc"]);
    assert!(tree.settings.discounts.contains_key("openai"));
}

#[test]
fn every_mistake_of_every_file_is_told_at_once() {
    let broken = faults(&[
        (
            "orchestack.toml",
            "dlp = 3\n[routing]\nlocal_form = \"internal\"\n[gateway]\nlisten = \"x\"\n",
        ),
        ("polices/base.cedar", "permit(principal, action, resource);"),
        ("policies/base.txt", "x"),
        ("tests/more.tml", "x"),
        ("invariants/more.yaml", "x"),
        ("extra/notes.txt", "x"),
        ("agents/ghost/own.cedar", "// no definition"),
        ("agents/Bad Name/agent.toml", "owner = ' '\n"),
        ("agents/tickets/agent.toml", "kind = 'robot'\nbuget.day = '1'\n[budget]\nday = 5\n"),
        ("agents/loose.toml", ""),
        (
            "providers/a.toml",
            "name = 'A B'\nkind = 'cohere'\nbase_url = 'api.openai.com'\nlocality = 'moon'\nsecret = 'sk-hunter2'\n",
        ),
        (
            "models/a.toml",
            "[[model]]\nid = 'auto:cheap'\nprovider = 'x'\ncontext_tokens = 0\ncapabilities = ['tool']\nfree = true\nprice = {input = '1', output = '2'}\nmax_output_tokens = 5\n\n[[modell]]\nid = 'x'\n",
        ),
        (
            "models/b.toml",
            "id = 'm'\nprovider = 'x'\ncontext_tokens = 10\nmax_output_tokens = 5\naliases = ['ok', 'not ok']\n",
        ),
        ("models/c.toml", "id = 'm'\nprovider = 'x'\ncontext_tokens = 10\nmax_output_tokens = 5\n"),
    ]);
    assert!(!broken.contains("hunter2"), "{broken}");
    insta::assert_snapshot!(broken);
}

#[test]
fn budgets_have_a_time_zone_and_caps_of_every_spender() {
    let text = "[budget]\ntime_zone = \"Europe/Berlin\"\n[budget.sessions]\ntotal = \"1\"\n\
                [budget.users]\nweek = \"2\"\n[budget.tasks]\nrequest = \"0.5\"\n";
    let org = load(&[("orchestack.toml", text)]).settings;
    assert_eq!(org.time_zone.unwrap().iana_name(), Some("Europe/Berlin"));
    assert_eq!(org.sessions, Caps { total: Some(Nanos(1_000_000_000)), ..Caps::default() });
    assert_eq!(org.users, Caps { week: Some(Nanos(2_000_000_000)), ..Caps::default() });
    assert_eq!(org.tasks, Caps { request: Some(Nanos(500_000_000)), ..Caps::default() });
    assert_eq!(load(&[("orchestack.toml", "")]).settings.time_zone, None);
    for name in ["Berlin", "CET+1", "", "+02:00"] {
        let text = format!("[budget]\ntime_zone = \"{name}\"\n");
        let told = faults(&[("orchestack.toml", text.as_str())]);
        assert!(told.contains("is not the name of a time zone"), "{name}: {told}");
    }
}

#[test]
fn scorers_and_hedging_are_read_and_bounded() {
    let org = "[routing.scorer]\nurl = \"http://127.0.0.1:8099/score\"\nsecret = \"env:TOKEN\"\n";
    let own = "owner = \"x\"\nhedge_after = \"800ms\"\n[scorer]\nurl = \"https://s.example.com\"\n\
               deadline = \"5ms\"\nweight = 100\n";
    let tree = load(&[
        ("orchestack.toml", org),
        ("agents/own/agent.toml", own),
        ("agents/off/agent.toml", "owner = \"x\"\n[scorer]\nenabled = false\n"),
        ("agents/all/agent.toml", "owner = \"x\"\n"),
    ]);
    let all = tree.settings.scorer.unwrap();
    assert_eq!(all.url, "http://127.0.0.1:8099/score");
    assert_eq!(all.secret.map(|secret| secret.to_string()).as_deref(), Some("env:TOKEN"));
    assert_eq!((all.deadline, all.weight), (Duration::from_millis(20), 50));
    assert_eq!(tree.agents["own"].hedge_after, Some(Duration::from_millis(800)));
    let AgentScorer::Own(own) = &tree.agents["own"].scorer else { panic!("no scorer") };
    assert_eq!((own.deadline, own.weight), (Duration::from_millis(5), 100));
    assert_eq!(tree.agents["off"].scorer, AgentScorer::Off);
    assert_eq!(tree.agents["all"].scorer, AgentScorer::Organisations);
    for (wrong, told) in [
        ("[routing.scorer]\nweight = 5\n", "the scorer has no address"),
        ("[routing.scorer]\nurl = \"http://x\"\ndeadline = \"2s\"\n", "from `1ms` to `250ms`"),
        ("[routing.scorer]\nurl = \"http://x\"\nsecret = \"hunter2\"\n", "not a reference"),
        ("[routing.scorer]\nurl = \"http://me:pw@x\"\n", "a user or password"),
    ] {
        let all = faults(&[("orchestack.toml", wrong)]);
        assert!(all.contains(told) && !all.contains("hunter2"), "{all}");
    }
    let model = "id = 'm'\nprovider = 'x'\ncontext_tokens = 10\nmax_output_tokens = 5\nhedge_after = '1ms'\n";
    assert!(faults(&[("models/m.toml", model)]).contains("from `10ms` to `10m`"));
}

#[test]
fn a_vocabulary_is_one_of_those_that_are_known() {
    let model = "id = 'm'\nprovider = 'x'\ncontext_tokens = 10\nmax_output_tokens = 5\n";
    let with = |line: &str| format!("{model}{line}");
    let known = load(&[("models/m.toml", &with("tokenizer = 'cl100k_base'"))]);
    assert_eq!(known.models[0].tokenizer, Some(Tokenizer::Cl100kBase));
    assert_eq!(load(&[("models/m.toml", model)]).models[0].tokenizer, None);
    let told = faults(&[("models/m.toml", &with("tokenizer = 'claude'"))]);
    assert!(told.contains("`claude` is not one of o200k_base, cl100k_base"), "{told}");
    assert!(faults(&[("models/m.toml", &with("tokenizer = 1"))]).contains("text in quotes"));
}

#[test]
fn a_file_that_is_no_text_is_told() {
    let bytes = BTreeMap::from([("policies/a.cedar".to_owned(), vec![0xff, 0xfe])]);
    let faults = Tree::load("c", &bytes).unwrap_err();
    assert_eq!(faults[0].message, "the file is not UTF-8 text");
    // At the top anything may lie, such as a picture for the README.
    let bytes = BTreeMap::from([("logo.png".to_owned(), vec![0xff, 0xfe])]);
    assert!(Tree::load("c", &bytes).is_ok());
}

#[test]
fn a_tree_has_a_bound() {
    let many = (0..=FILES_MAX).map(|i| (format!("runbooks/{i}.md"), Vec::new())).collect();
    assert!(Tree::load("c", &many).is_err());
}

proptest! {
    #[test]
    fn any_bytes_at_any_path_give_a_tree_or_faults(
        folder in prop::sample::select(vec!["policies", "agents/a", "providers", "models", "x", "tests"]),
        name in "(agent|[a-z]{1,3})\\.(toml|cedar|md)",
        text in "([a-z_]{1,10} ?= ?([0-9]{1,20}|\"[a-z:/]{0,12}\"|\\{\\}|\\[\\])\n|\\[\\[?(model|provider|budget|x)\\]?\\]\n){0,6}",
        tail in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let mut bytes = text.into_bytes();
        bytes.extend(tail);
        let files = BTreeMap::from([(format!("{folder}/{name}"), bytes)]);
        if let Err(faults) = Tree::load("c", &files) {
            prop_assert!(faults.iter().all(|fault| !fault.message.is_empty()));
        }
    }
}
