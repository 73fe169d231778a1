//! What opens the interfaces of language models and of what is built on them.

use super::UUID;
use crate::{
    Kind,
    secret::{
        alphabet::Alphabet,
        check,
        form::{run, runs, text},
        named::{Named, named},
        rule::{Rule, rule},
    },
};

/// Tokens that announce themselves.
pub(super) const RULES: &[Rule] = &[
    rule(
        Kind::OPENAI_KEY,
        &["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-service-", "sk-None-"],
        &[runs(Alphabet::URL_SAFE, 40, 200)],
    )
    .check(check::openai),
    rule(
        Kind::ANTHROPIC_KEY,
        &["sk-ant-api03-", "sk-ant-admin01-"],
        &[run(Alphabet::URL_SAFE, 95)],
    )
    .check(check::ends_with_aa),
    rule(
        Kind::ANTHROPIC_KEY,
        &["sk-ant-oat01-", "sk-ant-ort01-", "sk-ant-sid01-", "sk-ant-sid02-"],
        &[runs(Alphabet::URL_SAFE, 80, 140)],
    ),
    rule(Kind::OPENROUTER_KEY, &["sk-or-v1-"], &[run(Alphabet::HEX, 64)]),
    rule(Kind::GROQ_KEY, &["gsk_"], &[run(Alphabet::BASE62, 52)]),
    rule(Kind::XAI_KEY, &["xai-"], &[run(Alphabet::BASE62, 80)]),
    rule(Kind::PERPLEXITY_KEY, &["pplx-"], &[runs(Alphabet::BASE62, 48, 56)]),
    rule(Kind::HUGGINGFACE_TOKEN, &["hf_"], &[run(Alphabet::BASE62, 34)]).check(check::two_cases),
    rule(Kind::HUGGINGFACE_TOKEN, &["api_org_"], &[run(Alphabet::BASE62, 34)])
        .check(check::two_cases),
    rule(Kind::REPLICATE_TOKEN, &["r8_"], &[run(Alphabet::BASE62, 37)]),
    rule(Kind::TOGETHER_KEY, &["tgp_v1_"], &[run(Alphabet::URL_SAFE, 43)]),
    rule(Kind::FIREWORKS_KEY, &["fw_"], &[runs(Alphabet::BASE62, 22, 24)])
        .check(check::three_classes),
    rule(Kind::ELEVENLABS_KEY, &["sk_"], &[run(Alphabet::HEX, 48)]),
    rule(Kind::NVIDIA_KEY, &["nvapi-"], &[runs(Alphabet::URL_SAFE, 60, 80)]),
    rule(
        Kind::PINECONE_KEY,
        &["pcsk_"],
        &[runs(Alphabet::BASE62, 5, 6), text("_"), runs(Alphabet::BASE62, 60, 66)],
    ),
    rule(
        Kind::LANGSMITH_KEY,
        &["lsv2_pt_", "lsv2_sk_"],
        &[run(Alphabet::HEX, 32), text("_"), run(Alphabet::HEX, 10)],
    ),
    rule(
        Kind::LANGFUSE_KEY,
        &["sk-lf-"],
        &[
            run(Alphabet::ANY_HEX, 8),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 12),
        ],
    ),
    rule(Kind::WANDB_KEY, &["wandb_v1_"], &[runs(Alphabet::URL_SAFE, 60, 90)]),
    rule(Kind::TAVILY_KEY, &["tvly-"], &[run(Alphabet::BASE62, 32)]),
    rule(Kind::TAVILY_KEY, &["tvly-dev-", "tvly-prod-"], &[run(Alphabet::BASE62, 32)]),
    rule(Kind::FIRECRAWL_KEY, &["fc-"], &[run(Alphabet::HEX, 32)]),
    rule(Kind::JINA_KEY, &["jina_"], &[run(Alphabet::URL_SAFE, 60)]),
    rule(Kind::VOYAGE_KEY, &["pa-"], &[run(Alphabet::URL_SAFE, 43)]).near(&["voyage"]),
    rule(Kind::ANYSCALE_KEY, &["esecret_"], &[runs(Alphabet::BASE62, 26, 40)]),
    rule(Kind::CEREBRAS_KEY, &["csk-"], &[run(Alphabet::BASE36, 48)]),
    rule(Kind::E2B_KEY, &["e2b_"], &[run(Alphabet::HEX, 40)]),
    rule(Kind::BRAVE_SEARCH_KEY, &["BSA"], &[run(Alphabet::URL_SAFE, 28)])
        .near(&["brave", "x-subscription-token"]),
    rule(Kind::RUNPOD_KEY, &["rpa_"], &[runs(Alphabet::BASE62, 36, 50)]),
    rule(Kind::MODAL_TOKEN, &["as-"], &[run(Alphabet::BASE62, 22)]).near(&["modal"]),
    rule(Kind::MEM0_KEY, &["m0-"], &[run(Alphabet::BASE62, 40)]),
    rule(Kind::CURSOR_KEY, &["key_"], &[run(Alphabet::HEX, 64)]).near(&["cursor"]),
    rule(Kind::FRIENDLI_TOKEN, &["flp_"], &[run(Alphabet::BASE62, 46)]),
    rule(Kind::DIFY_KEY, &["app-", "dataset-"], &[run(Alphabet::BASE62, 24)])
        .check(check::three_classes)
        .near(&["dify"]),
    rule(Kind::COZE_TOKEN, &["pat_", "cztei_"], &[run(Alphabet::BASE62, 64)]).near(&["coze"]),
    rule(Kind::APIFY_TOKEN, &["apify_api_"], &[run(Alphabet::BASE62, 36)]),
    rule(Kind::NOVITA_KEY, &["sk_"], &[run(Alphabet::URL_SAFE, 43)]).near(&["novita"]),
    rule(
        Kind::LOGFIRE_TOKEN,
        &["pylf_v1_us_", "pylf_v1_eu_", "pylf_v1_"],
        &[runs(Alphabet::BASE62, 40, 48)],
    ),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::COHERE_KEY, &["cohere", "co_api_key"], &[&[run(Alphabet::BASE62, 40)]]),
    named(Kind::MISTRAL_KEY, &["mistral"], &[&[run(Alphabet::BASE62, 32)]]),
    named(
        Kind::TOGETHER_KEY,
        &["together_api", "togetherai", "together_ai"],
        &[&[run(Alphabet::HEX, 64)]],
    ),
    named(
        Kind::ELEVENLABS_KEY,
        &["elevenlabs", "eleven_labs", "xi-api-key", "xi_api_key"],
        &[&[run(Alphabet::HEX, 32)]],
    ),
    named(Kind::PINECONE_KEY, &["pinecone"], &[UUID]),
    named(Kind::WANDB_KEY, &["wandb", "weights_and_biases"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::ASSEMBLYAI_KEY, &["assemblyai", "assembly_ai"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::DEEPGRAM_KEY, &["deepgram"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::SERPAPI_KEY, &["serpapi", "serp_api"], &[&[run(Alphabet::HEX, 64)]]),
    named(Kind::EXA_KEY, &["exa_api", "exaapi"], &[UUID]),
    named(
        Kind::BASETEN_KEY,
        &["baseten"],
        &[&[run(Alphabet::BASE62, 8), text("."), run(Alphabet::BASE62, 32)]],
    ),
    named(Kind::CLARIFAI_KEY, &["clarifai"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::KAGI_KEY,
        &["kagi"],
        &[&[run(Alphabet::URL_SAFE, 11), text("."), run(Alphabet::URL_SAFE, 43)]],
    ),
    named(
        Kind::STABILITY_KEY,
        &["stability", "stabilityai", "dreamstudio"],
        &[&[text("sk-"), run(Alphabet::BASE62, 48)]],
    ),
    named(Kind::PRIVATEAI_KEY, &["privateai", "private_ai"], &[&[run(Alphabet::BASE36, 32)]]),
    named(Kind::COMET_KEY, &["comet_api", "comet_ml"], &[&[run(Alphabet::BASE62, 25)]]),
];
