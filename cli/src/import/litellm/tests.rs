use super::*;

const WHOLE: &str = r#"
model_list:
  - model_name: gpt-5-mini
    litellm_params:
      model: openai/gpt-5-mini
      api_key: os.environ/MY_OPENAI_KEY
      rpm: 60
      tpm: "100000"
  - model_name: gpt-5-mini
    litellm_params:
      model: openai/gpt-5-mini
      api_base: https://eu.gateway.example.com/v1
      api_key: sk-secret-in-the-file
      max_budget: 5
      budget_duration: 1d
  - model_name: claude
    litellm_params: { model: claude-haiku-4-5, temperature: 0.2 }
    model_info: { mode: chat }
  - model_name: local-llama
    litellm_params: { model: ollama_chat/llama3.1, api_base: "http://127.0.0.1:11434" }
    model_info: { max_input_tokens: 32000, supports_function_calling: true }
  - model_name: odd
    litellm_params:
      model: groq/some-model
      input_cost_per_token: 0.00000025
      output_cost_per_token: 1.25e-06
  - model_name: "*"
    litellm_params: { model: "openai/*" }
  - model_name: embed
    litellm_params: { model: openai/text-embedding-3-small }
    model_info: { mode: embedding }
  - model_name: elsewhere
    litellm_params: { model: sagemaker/thing }
litellm_settings:
  drop_params: true
  fallbacks: [{ "gpt-5-mini": ["claude", "gone"] }]
  max_budget: 100
  budget_duration: 30d
  success_callback: ["langfuse"]
router_settings:
  model_group_alias: { fast: gpt-5-mini, hidden: { model: claude, hidden: true } }
  provider_budget_config:
    openai: { budget_limit: 2.5, time_period: 1d }
    groq: { budget_limit: 1, time_period: 12h }
general_settings:
  master_key: sk-master-1234
"#;

#[test]
fn a_configuration_becomes_files_and_what_it_could_not_carry_is_told() {
    insta::assert_json_snapshot!(import(WHOLE).unwrap());
}

/// The tree's own loader takes what was written, and finds what the configuration meant.
#[test]
fn what_is_written_loads() {
    let made = import(WHOLE).unwrap();
    let files = made.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let tree = config::Tree::load("c0ffee", &files.collect()).unwrap();
    let model = |id: &str| tree.models.iter().find(|model| model.id == id).unwrap();
    let mini = model("gpt-5-mini");
    assert_eq!(mini.fallbacks, ["gpt-5-mini-2", "claude"]);
    assert_eq!(mini.aliases, ["fast"]);
    assert_eq!(model("gpt-5-mini-2").provider, "openai-eu.gateway.example.com");
    let local = tree.providers.iter().find(|provider| provider.name == "ollama").unwrap();
    assert_eq!(local.base_url, "http://127.0.0.1:11434/v1");
    assert_eq!(local.locality, types::Locality::Local);
}

#[test]
fn no_secret_of_the_file_is_written_or_told() {
    let made = serde_json::to_string(&import(WHOLE).unwrap()).unwrap();
    assert!(made.contains("env:MY_OPENAI_KEY"));
    for secret in ["sk-secret-in-the-file", "sk-master-1234"] {
        assert!(!made.contains(secret), "{secret}");
    }
}

#[test]
fn what_is_no_configuration_is_refused() {
    assert_eq!(import("a: [1"), Err(Unreadable::Syntax { line: 2, column: 1 }));
    for text in ["", "a: 1", "[]", "model_list: {}"] {
        assert_eq!(import(text), Err(Unreadable::NoModels), "{text:?}");
    }
    // Whatever stands in the list is told by its place.
    let made = import("model_list: [1, {model_name: a}, {litellm_params: {model: b}}]").unwrap();
    let places: Vec<_> = made.left.iter().map(|left| left.place.as_str()).collect();
    assert!(["model_list[0]", "model_list[1]", "model_list[2]"].iter().all(|p| places.contains(p)));
}
