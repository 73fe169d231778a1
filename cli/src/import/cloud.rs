//! Deployments at clouds where everybody has an address of their own: Azure OpenAI, AWS Bedrock, Google's
//! Vertex AI. Nothing in the tree is read from the environment but secrets, so their addresses must stand in
//! the file.

use config::tree::region_of;
use types::{Locality, ProviderKind};

use super::{
    Left,
    endpoint::{Endpoint, host, secret},
    reader::Reader,
};

/// Who has such an address, by the prefix that LiteLLM writes before a model's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cloud {
    Azure,
    Bedrock,
    Vertex,
}

/// What LiteLLM puts between `bedrock/` and a model's name to choose an API.
const ROUTES: &[&str] = &["converse", "converse_like", "invoke"];

impl Cloud {
    pub(super) fn of(prefix: &str) -> Option<Self> {
        match prefix {
            "azure" => Some(Self::Azure),
            "bedrock" | "bedrock_converse" => Some(Self::Bedrock),
            "vertex_ai" | "vertex_ai_beta" => Some(Self::Vertex),
            _ => None,
        }
    }

    /// The model's name as our provider wants it: without the API or region that LiteLLM has before it, and
    /// with the publisher that Vertex AI has before it.
    pub(super) fn upstream(self, name: &str) -> String {
        match self {
            Self::Azure => name.to_owned(),
            Self::Bedrock => bedrock_name(name).1.to_owned(),
            Self::Vertex if name.contains('/') => name.to_owned(),
            Self::Vertex => format!("google/{name}"),
        }
    }

    /// Reads where a deployment is served; `None` where that cannot be said here, which is told.
    pub(super) fn read(
        self,
        params: &mut Reader,
        model: &str,
        left: &mut Vec<Left>,
    ) -> Option<Endpoint> {
        match self {
            Self::Azure => azure(params, left),
            Self::Bedrock => bedrock(params, model, left),
            Self::Vertex => vertex(params, model, left),
        }
    }
}

fn azure(params: &mut Reader, left: &mut Vec<Left>) -> Option<Endpoint> {
    let base = params.text("api_base").or_else(|| params.text("base_url"));
    let base = written(params, "api_base", base, left)?;
    // The path by deployment is made from the model's upstream name.
    let base_url = base.split("/openai").next().unwrap_or(&base).trim_end_matches('/').to_owned();
    let mut more = Vec::new();
    if let Some(version) = params.text("api_version")
        && let Some(version) = written(params, "api_version", Some(version), left)
    {
        more.push(("api_version", version));
    }
    let token = params.text("azure_ad_token");
    let secret = if token.is_some() {
        more.push(("auth", "bearer".to_owned()));
        secret(params, "azure_ad_token", token.as_deref(), Some("AZURE_AD_TOKEN"), left)
    } else {
        let key = params.text("api_key");
        secret(params, "api_key", key.as_deref(), Some("AZURE_OPENAI_API_KEY"), left)
    };
    for key in ["tenant_id", "client_id", "client_secret", "azure_username", "azure_password"] {
        let why = "no token of Entra ID is asked for here; keep one in a file: `secret = \"file:/path\"` and `auth = \"bearer\"`";
        told(params, key, why, left);
    }
    let wanted = format!("azure-{}", host(&base_url).split('.').next().unwrap_or_default());
    Some(endpoint(wanted, "azure", ProviderKind::Azure, base_url, secret, more))
}

fn bedrock(params: &mut Reader, model: &str, left: &mut Vec<Left>) -> Option<Endpoint> {
    let named = bedrock_name(model).0.map(str::to_owned);
    let region = params.text("aws_region_name").or(named);
    let address = params.text("aws_bedrock_runtime_endpoint");
    let address = match address {
        Some(address) => {
            Some(written(params, "aws_bedrock_runtime_endpoint", Some(address), left)?)
        }
        None => None,
    };
    let region = region.or_else(|| Some(region_of(address.as_deref()?)?.to_owned()));
    let region = written(params, "aws_region_name", region, left)?;
    let base_url = address.map_or_else(
        || format!("https://bedrock-runtime.{region}.amazonaws.com"),
        |address| address.trim_end_matches('/').to_owned(),
    );
    for key in ["aws_role_name", "aws_session_name", "aws_profile_name", "aws_web_identity_token"] {
        let why = "no role or profile is looked up here; write `aws.access_key_id`, `aws.secret_access_key` and `aws.session_token` as references";
        told(params, key, why, left);
    }
    let wanted = format!("bedrock-{region}");
    let key = params.text("api_key");
    if key.is_some() {
        let secret =
            secret(params, "api_key", key.as_deref(), Some("AWS_BEARER_TOKEN_BEDROCK"), left);
        let kind = ProviderKind::Bedrock;
        return Some(endpoint(wanted, "bedrock", kind, base_url, secret, Vec::new()));
    }
    let mut more = vec![("aws.region", region)];
    for (theirs, ours, usual) in [
        ("aws_access_key_id", "aws.access_key_id", Some("AWS_ACCESS_KEY_ID")),
        ("aws_secret_access_key", "aws.secret_access_key", Some("AWS_SECRET_ACCESS_KEY")),
        ("aws_session_token", "aws.session_token", None),
    ] {
        let value = params.text(theirs);
        if let Some(reference) = secret(params, theirs, value.as_deref(), usual, left) {
            more.push((ours, reference));
        }
    }
    Some(endpoint(wanted, "bedrock", ProviderKind::Bedrock, base_url, None, more))
}

/// Vertex AI by its endpoint that speaks OpenAI's chat completions, which Google's own models have.
fn vertex(params: &mut Reader, model: &str, left: &mut Vec<Left>) -> Option<Endpoint> {
    if !model.starts_with("gemini") && !model.starts_with("google/") {
        let why = "of Vertex AI only Google's own models are served here".to_owned();
        left.push(Left { place: params.place("model"), why });
        return None;
    }
    let project = params.text("vertex_project");
    let project = written(params, "vertex_project", project, left)?;
    let location = params.text("vertex_location");
    let location = written(params, "vertex_location", location, left)?;
    let place = params.place("vertex_credentials");
    let _ = params.take("vertex_credentials");
    let why = "no service account is signed in here; keep a fresh access token at the provider's `secret`, env:VERTEX_ACCESS_TOKEN".to_owned();
    left.push(Left { place, why });
    let service = match location.as_str() {
        "global" => "aiplatform.googleapis.com".to_owned(),
        region => format!("{region}-aiplatform.googleapis.com"),
    };
    let base_url = format!(
        "https://{service}/v1beta1/projects/{project}/locations/{location}/endpoints/openapi"
    );
    let secret = Some("env:VERTEX_ACCESS_TOKEN".to_owned());
    let wanted = format!("vertex-{location}");
    Some(endpoint(wanted, "vertex", ProviderKind::OpenAi, base_url, secret, Vec::new()))
}

fn endpoint(
    wanted: String,
    priced: &str,
    kind: ProviderKind,
    base_url: String,
    secret: Option<String>,
    more: Vec<(&'static str, String)>,
) -> Endpoint {
    let priced = priced.to_owned();
    Endpoint { wanted, priced, kind, base_url, secret, locality: Locality::Cloud, more }
}

/// The region that stands before a model's name, and the name.
fn bedrock_name(model: &str) -> (Option<&str>, &str) {
    let mut region = None;
    let mut name = model;
    // An ARN has slashes of its own.
    while let Some((first, rest)) = name.split_once('/').filter(|_| !name.starts_with("arn:")) {
        if !ROUTES.contains(&first) {
            region = Some(first);
        }
        name = rest;
    }
    (region, name)
}

/// A value that must stand in the file itself. One that is missing or in a variable is told.
fn written(
    params: &Reader,
    key: &str,
    value: Option<String>,
    left: &mut Vec<Left>,
) -> Option<String> {
    let why = match &value {
        None => {
            "it is not in the file, and the tree reads no addresses from the environment; write it and import again"
        }
        Some(value) if value.starts_with("os.environ/") => {
            "it is in a variable, and the tree reads only secrets from there; write the value and import again"
        }
        Some(_) => return value,
    };
    left.push(Left { place: params.place(key), why: why.to_owned() });
    None
}

fn told(params: &mut Reader, key: &str, why: &str, left: &mut Vec<Left>) {
    if params.take(key).is_some() {
        left.push(Left { place: params.place(key), why: why.to_owned() });
    }
}
