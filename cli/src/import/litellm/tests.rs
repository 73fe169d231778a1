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

/// Clouds where everybody has an address of their own.
const CLOUDS: &str = r#"
model_list:
  - model_name: azure-mini
    litellm_params:
      model: azure/my-deployment
      api_base: https://res.openai.azure.com/
      api_version: "2024-10-21"
      api_key: os.environ/AZURE_API_KEY
    model_info: { max_input_tokens: 128000, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }
  - model_name: azure-entra
    litellm_params:
      model: azure/other
      api_base: https://eu.openai.azure.com/openai/deployments/other
      azure_ad_token: os.environ/ENTRA_TOKEN
      tenant_id: secret-tenant
  - model_name: azure-nowhere
    litellm_params: { model: azure/lost, api_base: os.environ/AZURE_API_BASE }
  - model_name: flash
    litellm_params: { model: gemini/gemini-2.5-flash, api_key: os.environ/MY_GEMINI_KEY }
  - model_name: vertex-flash
    litellm_params:
      model: vertex_ai/gemini-2.5-flash
      vertex_project: my-project
      vertex_location: europe-west1
      vertex_credentials: /secret/account.json
  - model_name: vertex-claude
    litellm_params: { model: vertex_ai/claude-haiku-4-5, vertex_project: p, vertex_location: global }
  - model_name: bedrock-haiku
    litellm_params:
      model: bedrock/converse/eu.anthropic.claude-haiku-4-5-20251001-v1:0
      aws_region_name: eu-central-1
      aws_access_key_id: os.environ/MY_AWS_ID
      aws_secret_access_key: AKIA-secret-in-the-file
      aws_role_name: arn:aws:iam::1:role/secret-role
  - model_name: bedrock-key
    litellm_params:
      model: bedrock/us-west-2/mistral.mistral-large-2407-v1:0
      api_key: os.environ/BEDROCK_KEY
  - model_name: bedrock-arn
    litellm_params:
      model: bedrock/arn:aws:bedrock:us-east-1:1:application-inference-profile/abc
      aws_bedrock_runtime_endpoint: https://bedrock-runtime.us-east-1.amazonaws.com/
  - model_name: bedrock-nowhere
    litellm_params: { model: bedrock/amazon.nova-lite-v1:0, aws_region_name: os.environ/AWS_REGION_NAME }
"#;

#[test]
fn deployments_of_clouds_become_providers_with_references_to_their_keys() {
    let made = import(CLOUDS).unwrap();
    insta::assert_json_snapshot!(made);
    let told = serde_json::to_string(&made).unwrap();
    for secret in ["AKIA-secret-in-the-file", "secret-tenant", "secret-role", "account.json"] {
        assert!(!told.contains(secret), "{secret}");
    }
    let files = made.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let tree = config::Tree::load("c0ffee", &files.collect()).unwrap();
    let places: Vec<_> = tree.models.iter().map(|m| (&*m.id, &*m.provider, &*m.upstream)).collect();
    assert!(places.contains(&(
        "bedrock-arn",
        "bedrock-us-east-1",
        "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"
    )));
    assert!(places.contains(&("vertex-flash", "vertex-europe-west1", "google/gemini-2.5-flash")));
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
