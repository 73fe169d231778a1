//! Plans of requests for embeddings.

use super::*;

/// Models for embeddings: two of one name, and a local one of another.
fn vectors() -> Scene {
    let vectors = |id: &str, provider: &str, upstream: &str| Model {
        upstream: upstream.to_owned(),
        capabilities: Capabilities { embeddings: true, ..Capabilities::default() },
        max_output_tokens: 0,
        ..model(id, provider, SizeClass::Small)
    };
    let models = vec![
        vectors("embed", "cloud", "embed"),
        vectors("twin", "cloud", "embed"),
        vectors("own", "local", "nomic"),
        model("chat", "local", SizeClass::Small),
    ];
    let providers = vec![provider("cloud", Locality::Cloud), provider("local", Locality::Local)];
    let mut scene = Scene::of(Registry::build(providers, models).unwrap(), engine(ALL));
    let (purpose, max_output_tokens) = (Purpose::Embeddings, Some(0));
    scene.needs = Needs { purpose, max_output_tokens, ..scene.needs };
    scene
}

#[test]
fn vectors_of_two_models_are_never_in_one_plan() {
    let mut scene = vectors();
    scene.check("embed", &["embed", "twin"]);
    // The best for `auto` goes alone, or with others of its name.
    scene.check("auto", &["own"]);
    assert_eq!(scene.dropped("auto", "twin"), DropReason::OtherVectors);
    scene.engine = except(&[], &["own"]);
    scene.check("auto", &["embed", "twin"]);
    scene.label = Label::Restricted;
    let refused = scene.plan("embed").unwrap().unwrap_err();
    assert!(refused.is_denied(), "no local model has its name: {refused:?}");
}

#[test]
fn a_model_of_another_purpose_is_named_as_such() {
    let mut scene = vectors();
    let reason = DropReason::MissingCapability { name: "embeddings" };
    assert_eq!(scene.dropped("chat", "chat"), reason);
    scene.needs = Needs::default();
    let reason = DropReason::MissingCapability { name: "chat" };
    assert_eq!(scene.dropped("embed", "embed"), reason);
}

#[test]
fn each_input_of_its_own_must_fit_the_context_and_not_all_together() {
    let mut scene = vectors();
    let sum = 100_000;
    scene.needs = Needs { input_tokens: sum, longest_tokens: Some(8_000), ..scene.needs };
    scene.check("own", &["own"]);
    scene.needs.longest_tokens = Some(8_001);
    let reason = DropReason::ContextTooLong { needed: 8_001, has: 8_000 };
    assert_eq!(scene.dropped("own", "own"), reason);
}
