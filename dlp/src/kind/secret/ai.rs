//! What opens the interfaces of language models and of what is built on them.

crate::kind::kinds! {
    AI:
    OPENAI_KEY = "openai_key", Secret, Restricted,
        "An API key of OpenAI.",
        "`sk-proj-`, `sk-svcacct-`, `sk-admin-` or another of its prefixes and 40 to 200 characters of base64url; and old keys, `sk-` with 48 letters and digits",
        "OpenAI API reference, authentication";
    ANTHROPIC_KEY = "anthropic_key", Secret, Restricted,
        "An API key or OAuth token of Anthropic.",
        "`sk-ant-api03-` or `sk-ant-admin01-` and 95 characters of base64url (the last two are `AA`); `sk-ant-oat01-`, `sk-ant-ort01-`, `sk-ant-sid01-` or another of its prefixes and 80 to 140 characters of base64url",
        "Anthropic API reference, authentication";
    DEEPSEEK_KEY = "deepseek_key", Secret, Restricted,
        "An API key of DeepSeek, or of another service that writes `sk-` before hexadecimal digits.",
        "`sk-` and 32 hexadecimal digits",
        "DeepSeek API documentation, your first API call";
    OPENROUTER_KEY = "openrouter_key", Secret, Restricted,
        "An API key of OpenRouter.",
        "`sk-or-v1-` and 64 hexadecimal digits",
        "OpenRouter documentation, API authentication";
    GROQ_KEY = "groq_key", Secret, Restricted,
        "An API key of Groq.",
        "`gsk_` and 52 letters and digits",
        "Groq documentation, quickstart";
    XAI_KEY = "xai_key", Secret, Restricted,
        "An API key of xAI.",
        "`xai-` and 80 letters and digits",
        "xAI documentation, the Hitchhiker's guide to Grok";
    PERPLEXITY_KEY = "perplexity_key", Secret, Restricted,
        "An API key of Perplexity.",
        "`pplx-` and 48 to 56 letters and digits",
        "Perplexity documentation, API key management";
    HUGGINGFACE_TOKEN = "huggingface_token", Secret, Restricted,
        "A user access token or organisation token of Hugging Face.",
        "`hf_` and 34 letters and digits (letters that make no words); `api_org_` and 34 letters and digits (letters that make no words)",
        "Hugging Face Hub documentation, user access tokens";
    REPLICATE_TOKEN = "replicate_token", Secret, Restricted,
        "An API token of Replicate.",
        "`r8_` and 37 letters and digits",
        "Replicate documentation, API tokens";
    COHERE_KEY = "cohere_key", Secret, Restricted,
        "An API key of Cohere.",
        "40 letters and digits, assigned beside `cohere` or `co_api_key`",
        "Cohere documentation, API keys";
    MISTRAL_KEY = "mistral_key", Secret, Restricted,
        "An API key of Mistral AI.",
        "32 letters and digits, assigned beside `mistral`",
        "Mistral AI documentation, quickstart";
    TOGETHER_KEY = "together_key", Secret, Restricted,
        "An API key of Together AI.",
        "`tgp_v1_` and 43 characters of base64url; 64 hexadecimal digits, assigned beside `together_api` or `togetherai`",
        "Together AI documentation, quickstart";
    FIREWORKS_KEY = "fireworks_key", Secret, Restricted,
        "An API key of Fireworks AI.",
        "`fw_` and 22 to 24 letters and digits (of three classes)",
        "Fireworks AI documentation, API keys";
    ELEVENLABS_KEY = "elevenlabs_key", Secret, Restricted,
        "An API key of ElevenLabs.",
        "`sk_` and 48 hexadecimal digits; 32 hexadecimal digits, assigned beside `elevenlabs` or `eleven_labs`",
        "ElevenLabs documentation, authentication";
    NVIDIA_KEY = "nvidia_key", Secret, Restricted,
        "An API key of NVIDIA NIM and NGC.",
        "`nvapi-` and 60 to 80 characters of base64url",
        "NVIDIA NGC user guide, API keys";
    PINECONE_KEY = "pinecone_key", Secret, Restricted,
        "An API key of Pinecone.",
        "`pcsk_` and 5 to 6 letters and digits, `_`, 60 to 66 letters and digits; a UUID, assigned beside `pinecone`",
        "Pinecone documentation, manage API keys";
    LANGSMITH_KEY = "langsmith_key", Secret, Restricted,
        "An API key of LangSmith.",
        "`lsv2_pt_` or `lsv2_sk_` and 32 hexadecimal digits, `_`, 10 hexadecimal digits",
        "LangSmith documentation, create an account and API key";
    LANGFUSE_KEY = "langfuse_key", Secret, Restricted,
        "A secret key of Langfuse.",
        "`sk-lf-` and a UUID",
        "Langfuse documentation, API keys";
    WANDB_KEY = "wandb_key", Secret, Restricted,
        "An API key of Weights & Biases.",
        "`wandb_v1_` and 60 to 90 characters of base64url; 40 hexadecimal digits, assigned beside `wandb` or `weights_and_biases`",
        "Weights & Biases documentation, API keys";
    TAVILY_KEY = "tavily_key", Secret, Restricted,
        "An API key of Tavily.",
        "`tvly-` and 32 letters and digits; `tvly-dev-` or `tvly-prod-` and 32 letters and digits",
        "Tavily documentation, API reference";
    FIRECRAWL_KEY = "firecrawl_key", Secret, Restricted,
        "An API key of Firecrawl.",
        "`fc-` and 32 hexadecimal digits",
        "Firecrawl documentation, authentication";
    JINA_KEY = "jina_key", Secret, Restricted,
        "An API key of Jina AI.",
        "`jina_` and 60 characters of base64url",
        "Jina AI documentation, reader and embeddings";
    VOYAGE_KEY = "voyage_key", Secret, Restricted,
        "An API key of Voyage AI.",
        "`pa-` and 43 characters of base64url, near `voyage`",
        "Voyage AI documentation, API key and installation";
    ASSEMBLYAI_KEY = "assemblyai_key", Secret, Restricted,
        "An API key of AssemblyAI.",
        "32 hexadecimal digits, assigned beside `assemblyai` or `assembly_ai`",
        "AssemblyAI documentation, authentication";
    DEEPGRAM_KEY = "deepgram_key", Secret, Restricted,
        "An API key of Deepgram.",
        "40 hexadecimal digits, assigned beside `deepgram`",
        "Deepgram documentation, create additional API keys";
    ANYSCALE_KEY = "anyscale_key", Secret, Restricted,
        "An API key of Anyscale.",
        "`esecret_` and 26 to 40 letters and digits",
        "Anyscale documentation, authentication";
    CEREBRAS_KEY = "cerebras_key", Secret, Restricted,
        "An API key of Cerebras.",
        "`csk-` and 48 small letters and digits",
        "Cerebras inference documentation, quickstart";
    E2B_KEY = "e2b_key", Secret, Restricted,
        "An API key of E2B.",
        "`e2b_` and 40 hexadecimal digits",
        "E2B documentation, API key";
    SERPAPI_KEY = "serpapi_key", Secret, Restricted,
        "An API key of SerpApi.",
        "64 hexadecimal digits, assigned beside `serpapi` or `serp_api`",
        "SerpApi documentation, API key";
    EXA_KEY = "exa_key", Secret, Restricted,
        "An API key of Exa.",
        "a UUID, assigned beside `exa_api` or `exaapi`",
        "Exa documentation, quickstart";
    BRAVE_SEARCH_KEY = "brave_search_key", Secret, Restricted,
        "An API key of Brave Search.",
        "`BSA` and 28 characters of base64url, near `brave` or `x-subscription-token`",
        "Brave Search API documentation, authentication";
    RUNPOD_KEY = "runpod_key", Secret, Restricted,
        "An API key of RunPod.",
        "`rpa_` and 36 to 50 letters and digits",
        "RunPod documentation, manage API keys";
    MODAL_TOKEN = "modal_token", Secret, Restricted,
        "A token secret of Modal.",
        "`as-` and 22 letters and digits, near `modal`",
        "Modal documentation, tokens";
    BASETEN_KEY = "baseten_key", Secret, Restricted,
        "An API key of Baseten.",
        "8 letters and digits, `.`, 32 letters and digits, assigned beside `baseten`",
        "Baseten documentation, API keys";
    MEM0_KEY = "mem0_key", Secret, Restricted,
        "An API key of Mem0.",
        "`m0-` and 40 letters and digits",
        "Mem0 documentation, platform quickstart";
    CURSOR_KEY = "cursor_key", Secret, Restricted,
        "An API key of Cursor.",
        "`key_` and 64 hexadecimal digits, near `cursor`",
        "Cursor documentation, admin API";
    CLARIFAI_KEY = "clarifai_key", Secret, Restricted,
        "A personal access token of Clarifai.",
        "32 hexadecimal digits, assigned beside `clarifai`",
        "Clarifai documentation, authentication";
    KAGI_KEY = "kagi_key", Secret, Restricted,
        "A token of Kagi Search.",
        "11 characters of base64url, `.`, 43 characters of base64url, assigned beside `kagi`",
        "Kagi documentation, API";
    FRIENDLI_TOKEN = "friendli_token", Secret, Restricted,
        "A personal access token of Friendli.",
        "`flp_` and 46 letters and digits",
        "Friendli documentation, personal access tokens";
    DIFY_KEY = "dify_key", Secret, Restricted,
        "An application or data set key of Dify.",
        "`app-` or `dataset-` and 24 letters and digits (of three classes), near `dify`",
        "Dify documentation, API access";
    COZE_TOKEN = "coze_token", Secret, Restricted,
        "A personal access token of Coze.",
        "`pat_` or `cztei_` and 64 letters and digits, near `coze`",
        "Coze documentation, personal access tokens";
    STABILITY_KEY = "stability_key", Secret, Restricted,
        "An API key of Stability AI.",
        "`sk-`, 48 letters and digits, assigned beside `stability` or `stabilityai`",
        "Stability AI documentation, authentication";
    APIFY_TOKEN = "apify_token", Secret, Restricted,
        "An API token of Apify.",
        "`apify_api_` and 36 letters and digits",
        "Apify documentation, API integration";
    NOVITA_KEY = "novita_key", Secret, Restricted,
        "An API key of Novita AI.",
        "`sk_` and 43 characters of base64url, near `novita`",
        "Novita AI documentation, authentication";
    PRIVATEAI_KEY = "privateai_key", Secret, Restricted,
        "An API key of Private AI.",
        "32 small letters and digits, assigned beside `privateai` or `private_ai`",
        "Private AI documentation, cloud API";
    COMET_KEY = "comet_key", Secret, Restricted,
        "An API key of Comet.",
        "25 letters and digits, assigned beside `comet_api` or `comet_ml`",
        "Comet documentation, API key";
    LOGFIRE_TOKEN = "logfire_token", Secret, Restricted,
        "A token of Pydantic Logfire.",
        "`pylf_v1_us_` or `pylf_v1_eu_` or `pylf_v1_` and 40 to 48 letters and digits",
        "Logfire documentation, write tokens";
}
