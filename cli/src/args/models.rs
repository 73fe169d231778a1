//! The grammar of models and providers.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Model {
    /// List models, wherever they are from.
    #[command(after_help = "Example:\n  orchestack model list")]
    List,
    /// Register a model without a file in the tree.
    #[command(after_help = "\
Example, a model on a server of your own:
  orchestack model add qwen3-8b --provider workstation --url http://192.168.1.20:8000/v1 \\
    --locality local --upstream Qwen/Qwen3-8B --context 32768 --can tools,streaming \\
    --price-input 0 --price-output 0

A model for embeddings:
  orchestack model add nomic-embed-text --provider ollama --context 8192 --can embeddings \\
    --price-input 0 --price-output 0")]
    Add(Box<AddModel>),
    /// Remove a model that was registered with `model add`.
    #[command(after_help = "Example:\n  orchestack model remove qwen3-8b")]
    Remove {
        /// Its id.
        id: String,
    },
    /// Ask every provider what it serves and compare, look for new servers on this machine and for keys.
    ///
    /// Local servers are asked by their own endpoints: Ollama, vLLM, llama.cpp, LM Studio. Nothing is
    /// generated and nothing costs, unless --calls is given.
    #[command(after_help = "\
Examples:
  orchestack model probe
  orchestack model probe --apply     # corrects what was registered with `model add`
  orchestack model probe --json
  ORCHESTACK_KEY=ork_... orchestack model probe --calls --only qwen3-8b   # costs money")]
    Probe(Probe),
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// Takes the facts that differ over into models that were registered with `model add`.
    #[arg(long)]
    pub(crate) apply: bool,
    /// Also calls each model, up to five times with a short answer, to learn what only a call tells: THIS
    /// COSTS MONEY. The calls go through the gateway with the key in ORCHESTACK_KEY, under its policies,
    /// budget and audit.
    #[arg(long)]
    pub(crate) calls: bool,
    /// With --calls: only this model; may be repeated.
    #[arg(long, value_name = "MODEL", requires = "calls")]
    pub(crate) only: Vec<String>,
    /// With --calls: the gateway's address; that of the settings where absent.
    #[arg(long, value_name = "URL", requires = "calls")]
    pub(crate) gateway: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AddModel {
    /// The id that callers and policies use.
    pub(crate) id: String,
    /// The provider that serves it.
    #[arg(long)]
    pub(crate) provider: String,
    /// Registers the provider as well, at this address.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// With --url: the wire format, `openai` or one of `orchestack provider add --help`.
    #[arg(long, requires = "url")]
    pub(crate) kind: Option<String>,
    /// With --url: `local` promises that data stays on your machines; else `cloud`.
    #[arg(long, requires = "url")]
    pub(crate) locality: Option<String>,
    /// With --url: where the key is, `env:NAME` or `file:/path`; never the key itself.
    #[arg(long, requires = "url", value_name = "REF")]
    pub(crate) secret: Option<String>,
    /// Its name at the provider; the id where absent.
    #[arg(long)]
    pub(crate) upstream: Option<String>,
    /// `small`, `medium` or `large`.
    #[arg(long)]
    pub(crate) size: Option<String>,
    /// Input and output tokens together.
    #[arg(long, value_name = "TOKENS")]
    pub(crate) context: Option<u64>,
    /// Output tokens of one answer.
    #[arg(long, value_name = "TOKENS")]
    pub(crate) max_output: Option<u64>,
    /// What it can do: any of `tools,json_schema,images,streaming,reasoning`; or `embeddings` alone.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) can: Vec<String>,
    /// How good it is, 0 to 100.
    #[arg(long)]
    pub(crate) quality: Option<u8>,
    /// Another id for it; may be repeated.
    #[arg(long)]
    pub(crate) alias: Vec<String>,
    /// A model to fall back to; may be repeated, best first.
    #[arg(long)]
    pub(crate) fallback: Vec<String>,
    /// US dollars per million input tokens; the catalogue's price where absent.
    #[arg(long, value_name = "USD", requires = "price_output")]
    pub(crate) price_input: Option<String>,
    /// US dollars per million output tokens.
    #[arg(long, value_name = "USD", requires = "price_input")]
    pub(crate) price_output: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Provider {
    /// List providers, wherever they are from.
    #[command(after_help = "Example:\n  orchestack provider list")]
    List,
    /// Register a provider without a file in the tree.
    #[command(after_help = "\
Examples:
  orchestack provider add groq --url https://api.groq.com/openai/v1 --secret env:GROQ_API_KEY
  orchestack provider add azure --kind azure --url https://RESOURCE.openai.azure.com \\
    --api-version 2024-10-21 --secret env:AZURE_OPENAI_API_KEY
  orchestack provider add bedrock --url https://bedrock-runtime.eu-west-1.amazonaws.com \\
    --kind bedrock --aws-access-key-id env:AWS_ID --aws-secret-access-key env:AWS_SECRET")]
    Add(Box<AddProvider>),
    /// Remove a provider that was registered at run time.
    #[command(after_help = "Example:\n  orchestack provider remove groq")]
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddProvider {
    /// Its name.
    pub(crate) name: String,
    /// Its address, with the path before `/chat/completions`; the host alone for other formats.
    #[arg(long)]
    pub(crate) url: String,
    /// The wire format: `openai`, `anthropic`, `azure`, `mistral`, `gemini` or `bedrock`.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// `local` promises that data stays on your machines; else `cloud`.
    #[arg(long)]
    pub(crate) locality: Option<String>,
    /// Where the key is, `env:NAME` or `file:/path`; never the key itself.
    #[arg(long, value_name = "REF")]
    pub(crate) secret: Option<String>,
    /// Sends the secret as `Authorization: Bearer` whatever the kind: a token of Entra ID or OAuth.
    #[arg(long, requires = "secret")]
    pub(crate) bearer: bool,
    /// Azure's version of its paths by deployment; its v1 API where absent.
    #[arg(long, value_name = "DATE")]
    pub(crate) api_version: Option<String>,
    /// Does not ask for the usage of a stream: for servers that refuse `stream_options`.
    #[arg(long)]
    pub(crate) no_stream_usage: bool,
    /// The region of AWS; read from the address where that names it.
    #[arg(long, value_name = "REGION", requires = "aws_access_key_id")]
    pub(crate) aws_region: Option<String>,
    /// Where the id of the key of AWS is that signs requests, in place of --secret.
    #[arg(long, value_name = "REF", requires = "aws_secret_access_key", conflicts_with = "secret")]
    pub(crate) aws_access_key_id: Option<String>,
    /// Where the key of AWS is.
    #[arg(long, value_name = "REF", requires = "aws_access_key_id")]
    pub(crate) aws_secret_access_key: Option<String>,
    /// Where the token of the session is, for keys that were given for a time.
    #[arg(long, value_name = "REF", requires = "aws_access_key_id")]
    pub(crate) aws_session_token: Option<String>,
}
