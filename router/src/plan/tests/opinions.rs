//! Plans with the opinion of an external scorer.

use super::*;

#[test]
fn a_scorers_penalties_order_what_nobody_ordered() {
    let mut scene = Scene::new();
    scene.scored(50, r#"{"penalties": {"tiny": 900, "max": 100, "nobody": 7}}"#);
    // Those that it does not name have no penalty; of them the default order holds.
    scene.check("auto", &["tower", "mini", "max", "tiny"]);
    scene.check("auto:local", &["tower", "tiny"]);
    // A variant that names its aim keeps it, and a named model and its fallbacks their places.
    scene.check("auto:best", &["max", "tower", "mini", "tiny"]);
    scene.scored(50, r#"{"penalties": {"mini": 1000, "max": 999}}"#);
    scene.check("mini", &["mini", "max", "tiny"]);
    let plan = scene.plan("mini").unwrap().unwrap();
    assert_eq!(
        plan.attempts()[0].score.map(|score| (score.scorer, score.penalty)),
        Some((Some(1000), 1000))
    );
    // Without weight its penalties count nothing.
    scene.scored(0, r#"{"penalties": {"tiny": 900}}"#);
    scene.check("auto", &["tiny", "tower", "mini", "max"]);
    // Beside weights it is one term of the mean.
    scene.weights = Some(Weights { cost: 0, latency: 0, quality: 100 });
    scene.scored(100, r#"{"penalties": {"max": 400, "tower": 0}}"#);
    scene.check("auto", &["tower", "mini", "max", "tiny"]);
}

#[test]
fn a_veto_takes_a_model_out_and_all_vetoes_leave_no_route() {
    let mut scene = Scene::new();
    scene.scored(50, r#"{"vetoes": ["mini", "nobody"]}"#);
    scene.check("mini", &["max", "tiny"]);
    assert_eq!(scene.dropped("mini", "mini"), DropReason::Vetoed);
    scene.scored(0, r#"{"vetoes": ["mini", "max", "tiny"]}"#);
    let refused = scene.plan("mini").unwrap().unwrap_err();
    assert!(!refused.is_denied() && !refused.is_unaffordable());
    assert_eq!(refused.retry_after(), None);
    let vetoed = refused.dropped.iter().filter(|d| d.reason == DropReason::Vetoed).count();
    assert_eq!(vetoed, 3);
}

#[test]
fn an_opinion_beyond_its_bounds_is_none() {
    let read = |text: &str| serde_json::from_str::<Opinion>(text);
    assert_eq!(read(r#"{"penalties": {"a": 1001}}"#).unwrap().check(), Err(Nonsense::Penalty));
    assert_eq!(read(r#"{"penalties": {"a": 1000}, "vetoes": ["b"]}"#).unwrap().check(), Ok(()));
    assert_eq!(read("{}").unwrap(), Opinion::default());
    for text in
        [r#"{"penalty": {}}"#, r#"{"penalties": {"a": -1}}"#, r#"{"vetoes": "a"}"#, "[1]", "null"]
    {
        assert!(read(text).is_err(), "{text}");
    }
    let many: Vec<String> = (0..2_000).map(|n| format!("m{n}")).collect();
    let many = serde_json::json!({ "vetoes": many }).to_string();
    assert_eq!(read(&many).unwrap().check(), Err(Nonsense::Entries));
    let said = read(r#"{"penalties": {"a": 1, "b": 2}, "vetoes": ["c"]}"#).unwrap();
    let (known, others) = said.of(&BTreeSet::from(["a"]));
    assert_eq!((known, others), (read(r#"{"penalties": {"a": 1}}"#).unwrap(), 2));
}
