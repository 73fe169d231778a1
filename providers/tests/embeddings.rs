//! Embeddings: the form of callers against OpenAI's own documentation, and the body and the answer of
//! every format of providers against the documented ones.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it means with them; clippy knows tests but not their helpers"
)]

use proptest::prelude::*;
use providers::{
    Api, BadAnswer, Dialect, Endpoint, Target,
    openai::embeddings::{INPUTS_MAX, decode_answer, decode_request, encode_answer},
};
use serde_json::{Value, json};
use types::{
    Request,
    answer::Usage,
    embed::{EmbedRequest, Encoding, Inputs},
};

const SCHEMAS: &str = include_str!("data/openai/embeddings.json");

#[track_caller]
fn valid(schema: &str, value: &Value) {
    let mut document: Value = serde_json::from_str(SCHEMAS).unwrap();
    document["$ref"] = json!(format!("#/$defs/{schema}"));
    let validator = jsonschema::validator_for(&document).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value}");
}

fn texts(texts: &[&str]) -> EmbedRequest {
    EmbedRequest {
        model: "m".into(),
        inputs: Inputs::Texts(texts.iter().map(|text| (*text).to_owned()).collect()),
        dimensions: None,
        user: None,
        encoding: Encoding::Float,
    }
}

fn target(upstream_model: &str) -> Target<'_> {
    Target { upstream_model, ..Target::default() }
}

fn read(body: &Value) -> Result<EmbedRequest, (String, Option<String>)> {
    decode_request(body.to_string().as_bytes()).map_err(|no| (no.message, no.param))
}

#[test]
fn the_documented_request_is_read_and_every_form_of_input() {
    let documented = json!({"input": "The food was delicious and the waiter...",
        "model": "text-embedding-ada-002", "encoding_format": "float"});
    valid("CreateEmbeddingRequest", &documented);
    let request = read(&documented).unwrap();
    assert_eq!(request.model, "text-embedding-ada-002");
    assert_eq!(
        request.inputs,
        Inputs::Texts(vec!["The food was delicious and the waiter...".into()])
    );
    let every = json!({"input": ["a", "b"], "model": "m", "encoding_format": "base64",
        "dimensions": 256, "user": "user-1234"});
    let expected = EmbedRequest {
        dimensions: Some(256),
        user: Some("user-1234".into()),
        encoding: Encoding::Base64,
        ..texts(&["a", "b"])
    };
    assert_eq!(read(&every), Ok(expected));
    for (input, lists) in [
        (json!([1212, 318, 257]), vec![vec![1212, 318, 257]]),
        (json!([[1212, 318], [0]]), vec![vec![1212, 318], vec![0]]),
    ] {
        let body = json!({"input": input, "model": "m"});
        valid("CreateEmbeddingRequest", &body);
        assert_eq!(read(&body).unwrap().inputs, Inputs::Tokens(lists));
    }
    let most = json!({"input": vec!["x"; INPUTS_MAX], "model": "m"});
    assert_eq!(read(&most).unwrap().inputs.count(), INPUTS_MAX);
}

#[test]
fn what_is_refused_is_named() {
    let good = json!({"input": "x", "model": "m"});
    for (name, value, param) in [
        ("input", json!(""), "input"),
        ("input", json!([]), "input"),
        ("input", json!(["a", ""]), "input[1]"),
        ("input", json!(["a", 7]), "input[1]"),
        ("input", json!([1, "a"]), "input"),
        ("input", json!([1, -1]), "input"),
        ("input", json!([1.5]), "input"),
        ("input", json!([4_294_967_296_u64]), "input"),
        ("input", json!([[1], []]), "input[1]"),
        ("input", json!([[1], [[2]]]), "input[1]"),
        ("input", json!([null]), "input"),
        ("input", json!({"text": "x"}), "input"),
        ("input", json!(7), "input"),
        ("input", json!(vec!["x"; INPUTS_MAX + 1]), "input"),
        ("input", json!(vec![1; INPUTS_MAX + 1]), "input"),
        ("input", json!(null), "input"),
        ("model", json!(null), "model"),
        ("model", json!(""), "model"),
        ("dimensions", json!(0), "dimensions"),
        ("dimensions", json!(1.5), "dimensions"),
        ("dimensions", json!("256"), "dimensions"),
        ("dimensions", json!(65_537), "dimensions"),
        ("encoding_format", json!("int8"), "encoding_format"),
        ("user", json!(7), "user"),
        ("stream", json!(true), "stream"),
        ("messages", json!([]), "messages"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let (message, named) = read(&body).unwrap_err();
        assert_eq!(named.as_deref(), Some(param), "{message}");
        assert!(message.contains(param), "{message}");
    }
    assert!(
        decode_request(b"[]").is_err() && decode_request(b"{\"model\":1,\"model\":1}").is_err()
    );
}

#[test]
fn each_format_has_its_path_and_its_words() {
    let request = EmbedRequest { dimensions: Some(256), ..texts(&["Hello", "world"]) };
    let one = EmbedRequest { dimensions: Some(256), ..texts(&["Hello"]) };
    let titan = "amazon.titan-embed-text-v2:0";
    for (dialect, request, model, path, body) in [
        (
            Dialect::OpenAi,
            &request,
            "text-embedding-3-small",
            "/embeddings",
            json!({"model": "text-embedding-3-small", "input": ["Hello", "world"], "dimensions": 256}),
        ),
        (
            Dialect::Azure,
            &request,
            "my-embed",
            "/openai/v1/embeddings",
            json!({"model": "my-embed", "input": ["Hello", "world"], "dimensions": 256}),
        ),
        (
            Dialect::Mistral,
            &request,
            "codestral-embed",
            "/embeddings",
            json!({"model": "codestral-embed", "input": ["Hello", "world"], "output_dimension": 256}),
        ),
        (
            Dialect::Gemini,
            &request,
            "gemini-embedding-001",
            "/v1beta/models/gemini-embedding-001:batchEmbedContents",
            json!({"requests": [
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "Hello"}]},
                    "outputDimensionality": 256},
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "world"}]},
                    "outputDimensionality": 256}]}),
        ),
        (
            Dialect::Bedrock,
            &one,
            titan,
            "/model/amazon.titan-embed-text-v2%3A0/invoke",
            json!({"inputText": "Hello", "dimensions": 256}),
        ),
        (
            Dialect::Bedrock,
            &request,
            "us.cohere.embed-v4:0",
            "/model/us.cohere.embed-v4%3A0/invoke",
            json!({"texts": ["Hello", "world"], "input_type": "search_document",
                "embedding_types": ["float"], "output_dimension": 256}),
        ),
    ] {
        let target = target(model);
        assert_eq!(dialect.embed_path(&target).unwrap(), path, "{dialect:?}");
        let written = dialect.encode_embed(request, &target).unwrap();
        let written: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(written, body, "{dialect:?}");
        if matches!(dialect, Dialect::OpenAi | Dialect::Azure) {
            valid("CreateEmbeddingRequest", &written);
        }
    }
    let old = Target { api_version: Some("2024-10-21"), ..target("my embed") };
    let path = "/openai/deployments/my%20embed/embeddings?api-version=2024-10-21";
    assert_eq!(Dialect::Azure.embed_path(&old).unwrap(), path);
    let tuned = Dialect::Gemini.embed_path(&target("tunedModels/x")).unwrap();
    assert_eq!(tuned, "/v1beta/tunedModels/x:batchEmbedContents");
}

#[test]
fn openais_format_takes_tokens_and_base64_and_a_user() {
    let request = EmbedRequest {
        inputs: Inputs::Tokens(vec![vec![1, 2], vec![3]]),
        user: Some("ann".into()),
        encoding: Encoding::Base64,
        ..texts(&[])
    };
    for dialect in [Dialect::OpenAi, Dialect::Azure] {
        let written = dialect.encode_embed(&request, &target("up")).unwrap();
        let expected = json!({"model": "up", "input": [[1, 2], [3]], "encoding_format": "base64",
            "user": "ann"});
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), expected);
        valid("CreateEmbeddingRequest", &expected);
    }
}

#[test]
fn what_a_format_cannot_say_is_named() {
    let tokens = EmbedRequest { inputs: Inputs::Tokens(vec![vec![1]]), ..texts(&[]) };
    let user = EmbedRequest { user: Some("ann".into()), ..texts(&["x"]) };
    let short = EmbedRequest { dimensions: Some(256), ..texts(&["x"]) };
    let many = |count| texts(&vec!["x"; count]);
    let (titan, cohere) = ("amazon.titan-embed-text-v2:0", "cohere.embed-english-v3");
    for (dialect, model, request, field) in [
        (Dialect::Anthropic, "claude", texts(&["x"]), "input"),
        (Dialect::Mistral, "mistral-embed", tokens.clone(), "input"),
        (Dialect::Mistral, "mistral-embed", user.clone(), "user"),
        (Dialect::Gemini, "g", tokens.clone(), "input"),
        (Dialect::Gemini, "g", user.clone(), "user"),
        (Dialect::Gemini, "g", many(101), "input"),
        (Dialect::Bedrock, titan, tokens, "input"),
        (Dialect::Bedrock, titan, user, "user"),
        (Dialect::Bedrock, titan, many(2), "input"),
        (Dialect::Bedrock, "amazon.titan-embed-text-v1", short.clone(), "dimensions"),
        (Dialect::Bedrock, cohere, short, "dimensions"),
        (Dialect::Bedrock, cohere, many(97), "input"),
        (Dialect::Bedrock, "amazon.nova-2-multimodal-embeddings-v1:0", texts(&["x"]), "model"),
    ] {
        let target = target(model);
        let checked = dialect.check_embed(&request, &target).unwrap_err();
        assert_eq!(checked.field, field, "{dialect:?} {model}");
        assert_eq!(dialect.encode_embed(&request, &target), Err(checked), "{dialect:?} {model}");
    }
    assert!(Dialect::Gemini.check_embed(&many(100), &target("g")).is_ok());
    assert!(Dialect::Bedrock.check_embed(&many(96), &target(cohere)).is_ok());
    assert!(Dialect::Anthropic.embed_path(&target("claude")).is_err());
}

/// The vectors and the input tokens of an answer to two texts.
fn answered(dialect: Dialect, body: &Value) -> Result<(Vec<Vec<f32>>, Option<u64>), BadAnswer> {
    let read = dialect.decode_embeddings(&texts(&["a", "b"]), body.to_string().as_bytes())?;
    Ok((read.vectors, read.usage.map(|usage| usage.input)))
}

#[test]
fn every_formats_answer_is_read() {
    let vectors = vec![vec![0.5, -0.25], vec![1.0, 0.0]];
    let openai = json!({"object": "list", "model": "text-embedding-ada-002", "data": [
        {"object": "embedding", "embedding": [1.0, 0], "index": 1},
        {"object": "embedding", "embedding": [0.5, -0.25], "index": 0}],
        "usage": {"prompt_tokens": 8, "total_tokens": 8}});
    valid("CreateEmbeddingResponse", &openai);
    // Mistral's has a count of the output too, and what servers of one's own leave out is counted.
    let mistral = json!({"id": "embd-1", "object": "list", "model": "mistral-embed", "data": [
        {"object": "embedding", "embedding": [0.5, -0.25], "index": 0},
        {"object": "embedding", "embedding": [1.0, 0.0], "index": 1}],
        "usage": {"prompt_tokens": 15, "completion_tokens": 0, "total_tokens": 15}});
    let bare = json!({"data": [{"embedding": "AAAAPwAAgL4="}, {"embedding": [1, 0]}],
        "usage": {"prompt_tokens": 0}});
    let gemini = json!({"embeddings": [{"values": [0.5, -0.25]}, {"values": [1, 0]}]});
    let told = json!({"embeddings": [{"values": [0.5, -0.25]}, {"values": [1, 0]}],
        "usageMetadata": {"promptTokenCount": 6, "totalTokenCount": 6}});
    let cohere = json!({"embeddings": [[0.5, -0.25], [1, 0]], "id": "i", "texts": ["a", "b"],
        "response_type": "embeddings_floats"});
    let by_type = json!({"embeddings": {"float": [[0.5, -0.25], [1, 0]]}, "id": "i",
        "response_type": "embeddings_by_type"});
    for (dialect, body, tokens) in [
        (Dialect::OpenAi, &openai, Some(8)),
        (Dialect::Azure, &openai, Some(8)),
        (Dialect::Mistral, &mistral, Some(15)),
        (Dialect::OpenAi, &bare, None),
        (Dialect::Gemini, &gemini, None),
        (Dialect::Gemini, &told, Some(6)),
        (Dialect::Bedrock, &cohere, None),
        (Dialect::Bedrock, &by_type, None),
    ] {
        assert_eq!(answered(dialect, body), Ok((vectors.clone(), tokens)), "{dialect:?} {body}");
    }
    let titan = json!({"embedding": [0.5, -0.25], "inputTextTokenCount": 3,
        "embeddingsByType": {"float": [0.5, -0.25]}});
    let read =
        Dialect::Bedrock.decode_embeddings(&texts(&["a"]), titan.to_string().as_bytes()).unwrap();
    assert_eq!(read.vectors, [[0.5, -0.25]]);
    assert_eq!(read.usage, Some(Usage { input: 3, ..Usage::default() }));
}

#[test]
fn vectors_that_nobody_could_use_are_no_answer() {
    let data = |items: Value| json!({"data": items});
    for (why, body) in [
        ("one is missing", data(json!([{"embedding": [1]}]))),
        ("one too many", data(json!([{"embedding": [1]}, {"embedding": [1]}, {"embedding": [1]}]))),
        (
            "a place twice",
            data(json!([{"embedding": [1], "index": 0}, {"embedding": [1], "index": 0}])),
        ),
        (
            "a place beyond",
            data(json!([{"embedding": [1], "index": 0}, {"embedding": [1], "index": 2}])),
        ),
        ("empty", data(json!([{"embedding": []}, {"embedding": []}]))),
        ("of two lengths", data(json!([{"embedding": [1]}, {"embedding": [1, 2]}]))),
        ("beyond a float", data(json!([{"embedding": [1e300]}, {"embedding": [1]}]))),
        ("no base64", data(json!([{"embedding": "?"}, {"embedding": [1]}]))),
        ("half a float", data(json!([{"embedding": "AAA="}, {"embedding": [1]}]))),
        ("not finite", data(json!([{"embedding": "AADAfw=="}, {"embedding": [1]}]))),
        ("of words", data(json!([{"embedding": ["x"]}, {"embedding": [1]}]))),
        ("nothing", json!({})),
    ] {
        assert!(answered(Dialect::OpenAi, &body).is_err(), "{why}: {body}");
    }
    let short = EmbedRequest { dimensions: Some(3), ..texts(&["a"]) };
    let body = data(json!([{"embedding": [1, 2]}])).to_string();
    let error = Dialect::OpenAi.decode_embeddings(&short, body.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("dimensions"), "{error}");
    assert!(Dialect::Anthropic.decode_embeddings(&short, body.as_bytes()).is_err());
    assert!(answered(Dialect::Gemini, &json!({"embeddings": []})).is_err());
    assert!(answered(Dialect::Bedrock, &json!({"message": "x"})).is_err());
}

/// Gemini gives only whole vectors a length of 1, and OpenAI all of them.
#[test]
fn a_shortened_vector_of_gemini_gets_a_length_of_one() {
    let body = json!({"embeddings": [{"values": [3.0, 4.0]}]}).to_string();
    let decode = |dimensions| {
        let request = EmbedRequest { dimensions, ..texts(&["a"]) };
        Dialect::Gemini.decode_embeddings(&request, body.as_bytes()).unwrap().vectors
    };
    assert_eq!(decode(None), [[3.0, 4.0]], "as it came");
    assert_eq!(decode(Some(2)), [[0.6, 0.8]]);
    let zero = json!({"embeddings": [{"values": [0.0, 0.0]}]}).to_string();
    let request = EmbedRequest { dimensions: Some(2), ..texts(&["a"]) };
    let read = Dialect::Gemini.decode_embeddings(&request, zero.as_bytes()).unwrap();
    assert_eq!(read.vectors, [[0.0, 0.0]]);
}

#[test]
fn an_answer_has_openais_form_in_both_encodings() {
    let usage = Usage { input: 8, ..Usage::default() };
    let encoded = |vectors: &[Vec<f32>], encoding| -> Value {
        serde_json::from_slice(&encode_answer(vectors, encoding, "m", &usage)).unwrap()
    };
    let floats = encoded(&[vec![0.002_306_425_5, -0.009_327_292]], Encoding::Float);
    valid("CreateEmbeddingResponse", &floats);
    let expected = json!({"object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.0023064255, -0.009327292]}],
        "model": "m", "usage": {"prompt_tokens": 8, "total_tokens": 8}});
    assert_eq!(floats.to_string(), expected.to_string());
    let packed = encoded(&[vec![1.0, -2.5]], Encoding::Base64);
    // 1.0 is 0x3f800000 and -2.5 is 0xc0200000, the low byte first.
    assert_eq!(packed["data"][0]["embedding"], "AACAPwAAIMA=");
}

#[test]
fn the_endpoint_is_known_by_its_path_and_tells_errors_in_openais_words() {
    assert_eq!(Endpoint::at("/v1/embeddings"), Some(Endpoint::Embeddings));
    assert_eq!(Endpoint::at("/v1/embeddings/"), None);
    assert_eq!(Endpoint::Embeddings.api(), Api::Chat);
    for api in Api::ALL {
        assert_eq!(Endpoint::at(api.path()), Some(Endpoint::Chat(api)));
    }
    assert_eq!(Endpoint::ALL.len(), Api::ALL.len() + 1);
    let (request, _) =
        Endpoint::Embeddings.decode_request(br#"{"model":"m","input":"x"}"#).unwrap();
    assert_eq!(request, Request::Embed(texts(&["x"])));
    assert!(!request.streams() && request.model() == "m");
}

proptest! {
    #[test]
    fn a_vector_comes_out_as_it_went_in(
        vectors in prop::collection::vec(prop::collection::vec(any::<f32>()
            .prop_filter("finite", |number| number.is_finite()), 3), 1..5),
        base64 in any::<bool>(),
    ) {
        let encoding = if base64 { Encoding::Base64 } else { Encoding::Float };
        let usage = Usage { input: 1, ..Usage::default() };
        let read = decode_answer(&encode_answer(&vectors, encoding, "m", &usage)).unwrap();
        // Bit by bit: -0 is not 0.
        let bits = |vectors: &[Vec<f32>]| -> Vec<Vec<u32>> {
            vectors.iter().map(|v| v.iter().map(|number| number.to_bits()).collect()).collect()
        };
        prop_assert_eq!(bits(&read.vectors), bits(&vectors));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_request(&bytes);
        for dialect in Dialect::ALL {
            let _ = dialect.decode_embeddings(&texts(&["x"]), &bytes);
        }
    }
}
