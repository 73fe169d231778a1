//! The formats of Gemini, Bedrock, Azure and Mistral: what each emits, and what each refuses that the
//! provider would refuse.

use serde_json::{Value, json};
use simulator::{AwsKey, Simulator, SimulatorOptions, tokens};

use crate::client::{Got, post, start};

async fn call(simulator: &Simulator, path: &str, headers: &str, body: &Value) -> Got {
    post(simulator.addr(), path, headers, &body.to_string()).await
}

fn contents() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "Say something."}]}]})
}

fn turns() -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": "Say something."}]}]})
}

#[tokio::test]
async fn gemini_answers_whole_and_in_pieces() {
    let simulator = start().await;
    let path = "/v1beta/models/gemini-sim:generateContent";
    let whole = call(&simulator, path, "", &contents()).await.json();
    let text = whole["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap();
    let usage = &whole["usageMetadata"];
    assert_eq!(usage["candidatesTokenCount"], tokens::count(text));
    assert_eq!(usage["promptTokenCount"], tokens::count("Say something."));
    assert_eq!(whole["candidates"][0]["finishReason"], "STOP");
    assert_eq!(whole["modelVersion"], "gemini-sim");

    let path = "/v1beta/models/gemini-sim:streamGenerateContent?alt=sse";
    let got = call(&simulator, path, "", &contents()).await;
    assert!(got.head().contains("content-type: text/event-stream"), "{}", got.head());
    let events = got.events();
    let said = |event: &Value| {
        Some(event.pointer("/candidates/0/content/parts/0/text")?.as_str()?.to_owned())
    };
    assert_eq!(events.iter().filter_map(said).collect::<String>(), text);
    let last = events.last().unwrap();
    assert_eq!(last["usageMetadata"], *usage);
    let ends = events.iter().filter(|event| event["candidates"][0].get("finishReason").is_some());
    assert_eq!(ends.count(), 1);
    let bill = simulator.bill_total();
    assert_eq!(bill.output_tokens, 2 * tokens::count(text));
}

#[tokio::test]
async fn gemini_refuses_what_it_does_not_know() {
    let simulator = start().await;
    let mut wrong = contents();
    wrong["model"] = json!("x");
    let mut config = contents();
    config["generationConfig"] = json!({"max_tokens": 1});
    let unsigned = json!({"contents": [
        {"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}]});
    let two = json!({"contents": [{"parts": [{"text": "x", "inlineData": {"data": ""}}]}]});
    let path = "/v1beta/models/gemini-3:generateContent";
    for body in [wrong, config, unsigned, two, json!({"contents": []})] {
        let got = call(&simulator, path, "", &body).await;
        assert_eq!(got.status(), 400, "{body}");
        assert_eq!(got.json()["error"]["status"], "INVALID_ARGUMENT");
    }
    for path in ["/v1beta/models/x:embedContent", "/v1beta/models/x:streamGenerateContent"] {
        assert_eq!(call(&simulator, path, "", &contents()).await.status(), 404, "{path}");
    }
    assert_eq!(simulator.bill_total().calls, 0);
}

/// The payloads of frames, with the type of each.
fn frames(mut bytes: &[u8]) -> Vec<(String, Value)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let length = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (total, headers) = (length(0), length(4));
        let block = String::from_utf8_lossy(&bytes[12..12 + headers]).into_owned();
        let kind = block.split(":event-type\u{7}\0").nth(1).unwrap();
        let kind = kind.chars().skip(1).take_while(char::is_ascii_alphabetic).collect();
        let payload = serde_json::from_slice(&bytes[12 + headers..total - 4]).unwrap();
        frames.push((kind, payload));
        bytes = &bytes[total..];
    }
    frames
}

#[tokio::test]
async fn bedrock_answers_whole_and_in_frames() {
    let simulator = start().await;
    let whole = call(&simulator, "/model/a%3A0/converse", "", &turns()).await.json();
    let text = whole["output"]["message"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(whole["stopReason"], "end_turn");
    assert_eq!(whole["usage"]["outputTokens"], tokens::count(text));

    let got = call(&simulator, "/model/a%3A0/converse-stream", "", &turns()).await;
    assert!(got.head().contains("application/vnd.amazon.eventstream"), "{}", got.head());
    let frames = frames(&got.whole_body().unwrap());
    let kinds: Vec<_> = frames.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds.first(), Some(&"messageStart"));
    assert_eq!(kinds[kinds.len() - 3..], ["contentBlockStop", "messageStop", "metadata"]);
    let said =
        |(_, payload): &(String, Value)| Some(payload.pointer("/delta/text")?.as_str()?.to_owned());
    assert_eq!(frames.iter().filter_map(said).collect::<String>(), text);
    assert_eq!(frames.last().unwrap().1["usage"], whole["usage"]);
    assert_eq!(simulator.log().pop().unwrap().model, "a:0");
}

#[tokio::test]
async fn bedrock_refuses_what_it_does_not_know() {
    let simulator = start().await;
    let mut wrong = turns();
    wrong["max_tokens"] = json!(1);
    let twice = json!({"messages": [turns()["messages"][0], turns()["messages"][0]]});
    let empty = json!({"messages": [{"role": "user", "content": [{"text": ""}]}]});
    let two = json!({"messages": [{"role": "user", "content": [{"text": "a", "image": {}}]}]});
    for body in [wrong, twice, empty, two] {
        let got = call(&simulator, "/model/x/converse", "", &body).await;
        assert_eq!(got.status(), 400, "{body}");
        assert!(got.head().contains("x-amzn-errortype: validationexception"), "{}", got.head());
    }
}

/// A signature that AWS's own signer made cannot be made here: it is of a moment. What must not pass
/// is told, and the whole-system tests hold the rest against that signer.
#[tokio::test]
async fn a_signature_that_does_not_fit_is_refused() {
    let key = AwsKey {
        access_key_id: "AKID".into(),
        secret_access_key: "secret".into(),
        session_token: None,
        region: "us-east-1".into(),
    };
    let options = SimulatorOptions { aws_keys: vec![key], ..SimulatorOptions::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let signed = |credential: &str, date: &str| {
        format!(
            "x-amz-date: {date}\r\nauthorization: AWS4-HMAC-SHA256 Credential={credential}, \
             SignedHeaders=host;x-amz-date, Signature=00\r\n"
        )
    };
    let old = "20150830T123600Z";
    for (headers, why) in [
        (signed("OTHER/20150830/us-east-1/bedrock/aws4_request", old), "security token"),
        (signed("AKID/20150830/us-east-1/bedrock/aws4_request", old), "expired"),
        (signed("AKID/20150830", "soon"), "malformed"),
        ("authorization: AWS4-HMAC-SHA256 Credential=AKID\r\n".to_owned(), "incomplete"),
    ] {
        let got = call(&simulator, "/model/x/converse", &headers, &turns()).await;
        assert_eq!(got.status(), 403, "{headers}");
        assert!(got.text().contains(why), "{}", got.text());
    }
    assert_eq!(simulator.bill_total().calls, 0);
}

#[tokio::test]
async fn azure_has_its_paths_and_mistral_its_words() {
    let simulator = start().await;
    let asked = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "Say something."}]});
    let path = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21";
    let got = call(&simulator, path, "api-key: k\r\n", &asked).await;
    assert!(got.events()[0]["choices"].as_array().unwrap().is_empty(), "{}", got.text());
    assert_eq!(simulator.log().pop().unwrap().model, "my-gpt");
    let unversioned = "/openai/deployments/my-gpt/chat/completions";
    assert_eq!(call(&simulator, unversioned, "", &asked).await.status(), 404);

    let path = "/mistral/v1/chat/completions";
    assert_eq!(call(&simulator, path, "", &asked).await.status(), 422);
    let mut asked = asked;
    asked.as_object_mut().unwrap().remove("stream_options");
    let got = call(&simulator, path, "", &asked).await;
    assert!(got.events().last().unwrap()["usage"]["prompt_tokens"].is_u64(), "{}", got.text());
    let long = json!({"model": "m", "messages": [{"role": "user", "content": "x"},
        {"role": "tool", "tool_call_id": "call_123", "content": "x"}]});
    assert_eq!(call(&simulator, path, "", &long).await.status(), 400);
}

#[tokio::test]
async fn every_format_makes_the_same_vector_of_the_same_text() {
    let simulator = start().await;
    let text = "Say something.";
    let openai = json!({"model": "v", "input": text});
    let list = json!({"model": "v", "input": [text]});
    let gemini =
        json!({"requests": [{"model": "models/v", "content": {"parts": [{"text": text}]}}]});
    let titan = json!({"inputText": text});
    let cohere = json!({"texts": [text], "input_type": "search_query"});
    let old = "/openai/deployments/v/embeddings?api-version=2024-10-21";
    let mut vectors = Vec::new();
    for (path, body, at) in [
        ("/v1/embeddings", &openai, "/data/0/embedding"),
        ("/openai/v1/embeddings", &list, "/data/0/embedding"),
        (old, &list, "/data/0/embedding"),
        ("/mistral/v1/embeddings", &list, "/data/0/embedding"),
        ("/v1beta/models/v:batchEmbedContents", &gemini, "/embeddings/0/values"),
        ("/model/amazon.titan-embed-text-v2%3A0/invoke", &titan, "/embedding"),
        ("/model/cohere.embed-v4%3A0/invoke", &cohere, "/embeddings/float/0"),
    ] {
        let got = call(&simulator, path, "", body).await;
        assert_eq!(got.status(), 200, "{path}");
        let got = got.json();
        vectors.push(got.pointer(at).unwrap().clone());
        if at == "/data/0/embedding" {
            let tokens = tokens::count(text);
            assert_eq!(got["usage"], json!({"prompt_tokens": tokens, "total_tokens": tokens}));
        }
    }
    assert_eq!(vectors[0].as_array().unwrap().len(), 64);
    assert!(vectors.iter().all(|vector| *vector == vectors[0]), "{vectors:?}");
    let bill = simulator.bill_total();
    assert_eq!((bill.calls, bill.output_tokens), (7, 0));
    assert_eq!(bill.input_tokens, 7 * tokens::count(text));
}

#[tokio::test]
async fn texts_that_share_words_have_vectors_that_are_near() {
    let simulator = start().await;
    let texts = ["the cat sat on the mat", "the cat sat on a mat", "seven blue whales"];
    let body = json!({"model": "v", "input": texts});
    let got = call(&simulator, "/v1/embeddings", "", &body).await.json();
    let vector = |at: usize| -> Vec<f64> {
        let numbers = got["data"][at]["embedding"].as_array().unwrap().iter();
        numbers.map(|number| number.as_f64().unwrap()).collect()
    };
    let near =
        |a: usize, b: usize| -> f64 { vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum() };
    assert!((near(0, 0) - 1.0).abs() < 1e-5, "{}", near(0, 0));
    assert!(near(0, 1) > 0.7 && near(0, 2) < 0.4, "{} {}", near(0, 1), near(0, 2));
}

#[tokio::test]
async fn embeddings_that_a_provider_would_refuse_are_refused() {
    let simulator = start().await;
    let many = |count| vec!["x"; count];
    let batch: Vec<Value> = (0..101)
        .map(|_| json!({"model": "models/v", "content": {"parts": [{"text": "x"}]}}))
        .collect();
    let other = json!({"requests": [{"model": "models/w", "content": {"parts": [{"text": "x"}]}}]});
    let gemini = "/v1beta/models/v:batchEmbedContents";
    let cohere = "/model/cohere.embed-v4%3A0/invoke";
    for (path, body) in [
        ("/v1/embeddings", json!({"model": "v", "input": ""})),
        ("/v1/embeddings", json!({"model": "v", "input": []})),
        ("/v1/embeddings", json!({"model": "v", "input": many(2_049)})),
        ("/v1/embeddings", json!({"model": "v", "input": "x", "encoding_format": "int8"})),
        ("/v1/embeddings", json!({"model": "v", "input": "x", "dimensions": 0})),
        ("/v1/embeddings", json!({"model": "v", "input": "x", "output_dimension": 8})),
        ("/v1/embeddings", json!({"input": "x"})),
        ("/mistral/v1/embeddings", json!({"model": "v", "input": ["x"], "user": "ann"})),
        ("/mistral/v1/embeddings", json!({"model": "v", "input": [[1]]})),
        (gemini, json!({"requests": batch})),
        (gemini, other),
        ("/model/amazon.titan-embed-text-v2%3A0/invoke", json!({"texts": ["x"]})),
        (cohere, json!({"texts": ["x"]})),
        (cohere, json!({"texts": many(97), "input_type": "search_query"})),
    ] {
        assert_eq!(call(&simulator, path, "", &body).await.status(), 400, "{path} {body}");
    }
    assert_eq!(simulator.bill_total().calls, 0);
}
