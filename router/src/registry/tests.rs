use super::*;

pub(crate) fn provider(name: &str, locality: Locality) -> Provider {
    Provider {
        name: name.to_owned(),
        kind: ProviderKind::OpenAi,
        base_url: match locality {
            Locality::Local => "http://127.0.0.1:8000/v1".to_owned(),
            Locality::Cloud => "https://api.example.com/v1".to_owned(),
        },
        locality,
        simulator: false,
        secret_ref: None,
        privacy: "standard".to_owned(),
        retention_days: None,
        legacy_max_tokens: false,
        particulars: types::Particulars::default(),
        timeouts: Timeouts::default(),
        max_concurrent: None,
        origin: git("providers/a.toml"),
    }
}

pub(crate) fn model(id: &str, provider: &str, size: SizeClass) -> Model {
    Model {
        id: id.to_owned(),
        provider: provider.to_owned(),
        upstream: id.to_owned(),
        locality: Locality::Local,
        size,
        context_tokens: 8_000,
        max_output_tokens: 2_000,
        capabilities: Capabilities {
            tools: true,
            json_schema: true,
            images: false,
            streaming: true,
            reasoning: false,
            embeddings: false,
        },
        tokenizer: None,
        quality: 50,
        aliases: Vec::new(),
        fallbacks: Vec::new(),
        hedge_after: None,
        privacy: String::new(),
        origin: git("models/a.toml"),
        enabled: true,
    }
}

pub(crate) fn git(file: &str) -> Origin {
    Origin::Git { file: file.to_owned(), line: None }
}

fn providers() -> Vec<Provider> {
    vec![provider("cloud", Locality::Cloud), provider("local", Locality::Local)]
}

#[track_caller]
fn messages(models: Vec<Model>) -> Vec<String> {
    let faults = Registry::build(providers(), models).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn models_are_found_by_id_and_alias() {
    let mini =
        Model { aliases: vec!["fast".to_owned()], ..model("mini", "cloud", SizeClass::Small) };
    let registry = Registry::build(providers(), vec![mini]).unwrap();
    assert_eq!(registry.resolve("fast").map(|m| m.id.as_str()), Some("mini"));
    assert_eq!(registry.model("fast"), None);
    assert_eq!(registry.resolve("slow"), None);
    assert_eq!(registry.aliases().map(|(alias, _)| alias).collect::<Vec<_>>(), ["fast"]);
}

#[test]
fn a_model_is_never_more_local_than_its_provider() {
    let relayed =
        Model { locality: Locality::Cloud, ..model("relayed", "local", SizeClass::Large) };
    let models = vec![model("mini", "cloud", SizeClass::Small), relayed];
    let registry = Registry::build(providers(), models).unwrap();
    assert!(registry.models().all(|model| model.locality == Locality::Cloud));
    assert_eq!(registry.model("mini").map(|m| m.privacy.as_str()), Some("standard"));
}

#[test]
fn every_mistake_from_git_is_told_at_once() {
    let with = |id: &str, provider: &str, aliases: &[&str], fallbacks: &[&str]| Model {
        aliases: aliases.iter().map(ToString::to_string).collect(),
        fallbacks: fallbacks.iter().map(ToString::to_string).collect(),
        ..model(id, provider, SizeClass::Small)
    };
    let wide = Model { max_output_tokens: 9_000, ..model("wide", "local", SizeClass::Small) };
    insta::assert_snapshot!(
        messages(vec![
            with("a", "cloud", &["fast", "b"], &["nobody", "a"]),
            with("b", "local", &["fast", "auto:quick"], &[]),
            with("b", "cloud", &[], &[]),
            with("c", "moon", &[], &[]),
            with("auto", "cloud", &[], &[]),
            wide,
        ])
        .join("\n")
    );
}

#[test]
fn what_discovery_finds_never_breaks_what_git_wrote() {
    let found = |id: &str, provider: &str| Model {
        origin: Origin::Discovered,
        quality: 1,
        fallbacks: vec!["nobody".to_owned()],
        aliases: vec!["mini".to_owned()],
        ..model(id, provider, SizeClass::Small)
    };
    let models = vec![
        found("mini", "local"),
        found("lost", "gone"),
        found("qwen", "local"),
        model("mini", "cloud", SizeClass::Small),
    ];
    let registry = Registry::build(providers(), models).unwrap();
    assert_eq!(registry.model("mini").map(|m| m.provider.as_str()), Some("cloud"));
    assert_eq!(registry.models().count(), 2);
    assert_eq!(registry.notes().len(), 4, "{:?}", registry.notes());
}

#[test]
fn a_local_provider_at_a_public_address_is_taken_and_noted() {
    let odd = Provider {
        base_url: "https://llm.example.com/v1".to_owned(),
        ..provider("odd", Locality::Local)
    };
    let registry = Registry::build(vec![odd], Vec::new()).unwrap();
    assert!(registry.notes()[0].message.contains("does not look private"));
    assert!(registry.provider("odd").is_some());
}

#[test]
fn a_model_for_embeddings_can_do_nothing_else() {
    let both = Model {
        capabilities: Capabilities { embeddings: true, tools: true, ..Capabilities::default() },
        ..model("both", "cloud", SizeClass::Small)
    };
    let told = messages(vec![both.clone()]);
    assert!(told[0].contains("a model for embeddings can do nothing else"), "{told:?}");
    let found = Model { origin: Origin::Discovered, ..both };
    let registry = Registry::build(providers(), vec![found]).unwrap();
    assert_eq!((registry.models().count(), registry.notes().len()), (0, 1));
}
