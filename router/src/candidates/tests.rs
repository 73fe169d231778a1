use types::{ProviderKind, SizeClass};

use super::*;
use crate::registry::{
    Capabilities, Provider,
    tests::{model, provider},
};

fn registry() -> Registry {
    let mini = Model {
        aliases: vec!["fast".to_owned()],
        fallbacks: vec!["small".to_owned()],
        ..model("mini", "cloud", SizeClass::Small)
    };
    let twin =
        Model { upstream: "mini".to_owned(), ..model("other/mini", "other", SizeClass::Small) };
    let models = vec![
        mini,
        twin,
        model("big", "cloud", SizeClass::Large),
        model("small", "local", SizeClass::Small),
        model("spare", "local", SizeClass::Large),
    ];
    let providers = vec![
        provider("cloud", Locality::Cloud),
        provider("other", Locality::Cloud),
        provider("local", Locality::Local),
    ];
    Registry::build(providers, models).unwrap()
}

#[track_caller]
fn check(asked: &str, expected: &[(Standing, &str)]) {
    let registry = registry();
    let found = candidates(&registry, Purpose::Chat, asked).unwrap();
    let found: Vec<_> = found.ranked().iter().map(|(s, m)| (*s, m.id.as_str())).collect();
    assert_eq!(found, expected, "{asked}");
}

#[test]
fn a_named_model_comes_with_its_twins_its_fallbacks_and_local_substitutes() {
    let expected = [
        (Standing::Requested, "mini"),
        (Standing::SameName, "other/mini"),
        (Standing::Fallback, "small"),
        (Standing::Substitute, "spare"),
    ];
    check("mini", &expected);
    check("fast", &expected);
    check("spare", &[(Standing::Requested, "spare"), (Standing::Substitute, "small")]);
}

#[test]
fn auto_considers_every_model() {
    for asked in ["auto", "auto:cheap", "auto:fast", "auto:local", "auto:best"] {
        assert_eq!(
            candidates(&registry(), Purpose::Chat, asked).unwrap().all().count(),
            5,
            "{asked}"
        );
    }
}

#[test]
fn an_agents_own_fallbacks_come_behind_the_models() {
    let registry = registry();
    let names = ["spare", "gone", "small"].map(str::to_owned);
    let found = candidates(&registry, Purpose::Chat, "mini").unwrap().with_fallbacks(&names);
    let fallbacks: Vec<_> = found
        .ranked()
        .iter()
        .filter(|(standing, _)| *standing == Standing::Fallback)
        .map(|(_, model)| model.id.as_str())
        .collect();
    assert_eq!(fallbacks, ["small", "spare"]);
    assert_eq!(found.all().count(), 4);
}

/// The registry with models for embeddings: two of one name, and a local one of another.
fn with_vectors() -> Registry {
    let vectors = |id: &str, provider: &str, upstream: &str| {
        let capabilities = Capabilities { embeddings: true, ..Capabilities::default() };
        Model {
            upstream: upstream.to_owned(),
            fallbacks: vec!["own".to_owned()],
            capabilities,
            max_output_tokens: 0,
            ..model(id, provider, SizeClass::Small)
        }
    };
    let mut own = vectors("own", "local", "nomic");
    own.fallbacks.clear();
    let mut models: Vec<_> = registry().models().cloned().collect();
    models.extend([vectors("embed", "cloud", "embed"), vectors("twin", "other", "embed"), own]);
    // A chat model that has the name of another at its provider, and one that falls back to it.
    models.push(Model {
        upstream: "embed".to_owned(),
        fallbacks: vec!["own".to_owned()],
        ..model("odd", "cloud", SizeClass::Small)
    });
    Registry::build(registry().providers().cloned().collect(), models).unwrap()
}

#[track_caller]
fn check_vectors(purpose: Purpose, asked: &str, expected: &[&str]) {
    let registry = with_vectors();
    let names = ["own", "small"].map(str::to_owned);
    let found = candidates(&registry, purpose, asked).unwrap().with_fallbacks(&names);
    let found: Vec<_> = found.all().map(|model| model.id.as_str()).collect();
    assert_eq!(found, expected, "{asked}");
}

#[test]
fn vectors_come_from_the_named_model_or_from_one_of_the_same_name_at_its_provider() {
    check_vectors(Purpose::Embeddings, "embed", &["embed", "twin"]);
    check_vectors(Purpose::Embeddings, "own", &["own"]);
    check_vectors(Purpose::Embeddings, "auto", &["embed", "own", "twin"]);
    check_vectors(Purpose::Embeddings, "auto:local", &["embed", "own", "twin"]);
    // One that was named stays, so that the plan says why it does not do.
    check_vectors(Purpose::Embeddings, "big", &["big"]);
}

/// Whoever makes a deployment at Azure names it: two of one name may be of two models.
#[test]
fn a_deployment_of_the_same_name_makes_other_vectors() {
    let registry = with_vectors();
    let azure = |provider: &Provider| Provider {
        kind: if provider.name == "other" { ProviderKind::Azure } else { provider.kind },
        ..provider.clone()
    };
    let models = registry.models().cloned().collect();
    let registry = Registry::build(registry.providers().map(azure).collect(), models).unwrap();
    for (asked, expected) in [("embed", "embed"), ("twin", "twin")] {
        let found = candidates(&registry, Purpose::Embeddings, asked).unwrap();
        let found: Vec<_> = found.all().map(|model| model.id.as_str()).collect();
        assert_eq!(found, [expected]);
    }
    let [embed, twin] = ["embed", "twin"].map(|id| registry.model(id).unwrap());
    assert!(!registry.same_vectors(embed, twin) && registry.same_vectors(twin, twin));
    // Words of two deployments can stand in for each other, as ever.
    let found = candidates(&registry, Purpose::Chat, "mini").unwrap();
    assert!(found.ranked().iter().any(|(standing, _)| *standing == Standing::SameName));
}

#[test]
fn a_chat_is_never_answered_by_a_model_for_embeddings() {
    // The agent's fallbacks come last.
    check_vectors(Purpose::Chat, "odd", &["odd", "spare", "small"]);
    check_vectors(Purpose::Chat, "embed", &["embed", "odd", "spare", "small"]);
    check_vectors(Purpose::Chat, "auto", &["big", "mini", "odd", "other/mini", "small", "spare"]);
}

#[test]
fn an_unknown_name_is_named() {
    for asked in ["gpt-9", "auto:quick", "AUTO", ""] {
        let error = candidates(&registry(), Purpose::Chat, asked).unwrap_err();
        assert_eq!(error.asked, asked);
    }
    let long = "x".repeat(100_000);
    assert!(candidates(&registry(), Purpose::Chat, &long).unwrap_err().to_string().len() < 500);
}
