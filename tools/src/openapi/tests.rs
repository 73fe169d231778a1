//! A small service, its tools, and what arguments can and cannot do to a request.

use proptest::prelude::*;
use serde_json::json;
use url::Url;

use super::*;
use crate::Schema;

fn tickets() -> Service {
    Service::parse(include_str!("../../tests/data/tickets.openapi.yaml")).unwrap()
}

fn base() -> Url {
    Url::parse("https://api.example.com/v1/").unwrap()
}

#[test]
fn every_operation_that_can_be_is_a_tool() {
    let definitions: Vec<Value> = tickets().definitions().map(Definition::to_value).collect();
    insta::assert_json_snapshot!(definitions);
}

#[test]
fn every_other_operation_says_why_it_is_none() {
    let service = tickets();
    let lines: Vec<String> = service
        .left_out()
        .iter()
        .map(|LeftOut { operation, why }| format!("{operation}: {why}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn arguments_stand_where_their_parameters_do() {
    #[track_caller]
    fn check(tool: &str, arguments: &Value, expected: &str) {
        let service = tickets();
        let operation = service.operation(tool).unwrap();
        let schema = Schema::compile(&operation.definition.input_schema).unwrap();
        assert_eq!(schema.check(arguments), Ok(()));
        let request = Request::of(operation, arguments).unwrap();
        let url = request.url(&base()).unwrap();
        let body = request.body.map(|(kind, body)| format!(" {kind} {body}")).unwrap_or_default();
        let headers: String =
            request.headers.iter().map(|(name, value)| format!(" {name}: {value}")).collect();
        assert_eq!(format!("{} {url}{headers}{body}", request.method), expected);
    }
    check(
        "listTickets",
        &json!({"project": "A/B c", "state": ["open", "closed"], "label": ["x", "y&z"], "limit": 5,
            "filter": {"by": "me", "a]&b=[": "1"}, "X-Trace": "7"}),
        "GET https://api.example.com/v1/projects/A%2FB%20c/tickets?state=open&state=closed\
         &label=x%2Cy%26z&filter%5Bby%5D=me&filter%5Ba%5D%26b%3D%5B%5D=1&limit=5 X-Trace: 7",
    );
    check(
        "listTickets",
        &json!({"project": "A"}),
        "GET https://api.example.com/v1/projects/A/tickets",
    );
    check(
        "post_projects_project_tickets",
        &json!({"project": "A", "body": {"title": "T", "due": null, "parent": {"title": "P"}}}),
        "POST https://api.example.com/v1/projects/A/tickets application/json \
         {\"title\":\"T\",\"due\":null,\"parent\":{\"title\":\"P\"}}",
    );
    check(
        "files_put",
        &json!({"project": "A", "name": "a", "ending": "txt", "query_name": "q", "body": [1]}),
        "PUT https://api.example.com/v1/projects/A/files/a.txt?name=q \
         application/vnd.tickets+json [1]",
    );
}

#[test]
fn an_argument_that_would_change_the_request_is_refused() {
    #[track_caller]
    fn check(tool: &str, arguments: &Value, expected: &str) {
        let service = tickets();
        let error = Request::of(service.operation(tool).unwrap(), arguments).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    for up in [
        "",
        ".",
        "..",
        "../x",
        "a/../..",
        "..\\x",
        "%2e%2e",
        "%2E%2e%2fx",
        "%252e%252e",
        "a;..;b",
        "..;/x",
        "%zz/%2e%2e/",
        "\u{FF0E}\u{FF0E}\u{FF0F}x",
        "a\u{0}",
        "a\r\nHost: x",
        "%0d%0a",
        "%c0%ae%c0%ae",
        "x?/../..",
        ". ",
        "..%00",
    ] {
        check("listTickets", &json!({"project": up}), "argument `project` cannot stand in a path");
    }
    let two = |name: &str, ending: &str| json!({"project": "A", "name": name, "ending": ending});
    check("files_put", &two(".", "x"), "argument `name` cannot stand in a path");
    check("files_put", &two("a/", "/x"), "argument `name` leads up with what stands beside it");
    check(
        "listTickets",
        &json!({"project": "A", "X-Trace": "a\r\nHost: x"}),
        "argument `X-Trace` has",
    );
    check("listTickets", &json!({"project": "A", "X-Trace": "é"}), "argument `X-Trace` has");
    check(
        "listTickets",
        &json!({"project": "A", "label": ["a,b"]}),
        "argument `label` has an item",
    );
    check(
        "listTickets",
        &json!({"project": "A", "limit": {"a": 1}}),
        "argument `limit` has a list",
    );
    check("listTickets", &json!({"project": [["A"]]}), "argument `project` has a list");
    check("listTickets", &json!({}), "argument `project` is missing");
    check("post_projects_project_tickets", &json!({"project": "A"}), "argument `body` is missing");
    for none in [
        json!({"project": "A", "Host": "x"}),
        json!({"project": "A", "Authorization": "x"}),
        json!({"project": "A", "session": "x"}),
        json!({"project": "A", "body": 1}),
        json!([]),
    ] {
        check("listTickets", &none, "arguments are an object with the tool's own names");
    }
}

#[test]
fn a_base_that_is_no_place_of_a_service_is_refused() {
    let service = tickets();
    let request = Request::of(service.operation("listTickets").unwrap(), &json!({"project": "A"}));
    let request = request.unwrap();
    for base in
        ["file:///etc/", "https://x.example/?a=b", "https://x.example/#a", "data:text/plain,x"]
    {
        let base = Url::parse(base).unwrap();
        assert_eq!(request.url(&base), Err(RequestError::Base), "{base}");
    }
}

#[test]
fn an_answer_is_the_result_that_the_definition_promises() {
    let service = tickets();
    let list = service.operation("listTickets").unwrap();
    let result = list.result(json!([{"title": "T", "state": null}])).unwrap();
    let schema = Schema::compile(list.definition.output_schema.as_ref().unwrap()).unwrap();
    assert_eq!(schema.check(&result), Ok(()));
    assert!(schema.check(&list.result(json!([{"title": 1}])).unwrap()).is_err());
    let post = service.operation("post_projects_project_tickets").unwrap();
    assert_eq!(post.result(json!({"title": "T"})), Some(json!({"title": "T"})));
    assert_eq!(service.operation("files_put").unwrap().result(json!(1)), None);
}

#[test]
fn json_and_yaml_are_the_same_service() {
    let yaml = include_str!("../../tests/data/tickets.openapi.yaml");
    let value: Value = yaml_serde::from_str(&yaml.replace("200:", "\"200\":")).unwrap();
    let json = Service::parse(&value.to_string()).unwrap();
    let (one, other): (Vec<_>, Vec<_>) =
        (json.definitions().cloned().collect(), tickets().definitions().cloned().collect());
    assert_eq!(one, other);
}

#[test]
fn what_is_no_document_says_why() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = Service::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    check("{", "it is neither JSON nor YAML");
    check(": : :", "it is neither JSON nor YAML");
    check("a: &x [*x]", "it is neither JSON nor YAML");
    check("swagger: '2.0'", "its `openapi` is `missing`; 3.0 and 3.1 are understood");
    check("openapi: 4.0.0", "its `openapi` is `4.0.0`");
    check("openapi: 3.1.0\npaths: {}", "none of its operations can be a tool");
    check(
        "openapi: 3.1.0\npaths: {/x: {post: {requestBody: {required: true}}}}",
        "its body is not JSON",
    );
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &('b'..='j')
            .map(|name| {
                let before = char::from_u32(u32::from(name) - 1).unwrap();
                format!("{name}: &{name} [{}]\n", [format!("*{before}").as_str(); 10].join(","))
            })
            .collect::<String>();
    check(&bomb, "it is neither JSON nor YAML");
}

/// What attackers put into parts of paths.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "..",
        ".",
        "/",
        "\\",
        "%2e",
        "%2f",
        "%5c",
        "%252e",
        ";",
        "?",
        "#",
        "@",
        ":",
        "&",
        "=",
        "a",
        "é",
        "%",
        "//evil.example",
        "\u{FF0E}",
        "\u{FF0F}",
        "\t",
        "\n",
        "\u{0}",
        " ",
        "[",
        "]",
        "+",
        "'",
        "\"",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn no_argument_changes_host_path_or_names(
        project in hostile(), name in hostile(), ending in hostile(), query in hostile(),
        state in hostile(), field in hostile(), trace in hostile(),
    ) {
        let service = tickets();
        let put = json!({"project": project, "name": name, "ending": ending, "query_name": query});
        let list = json!({"project": project, "state": [state, query], "X-Trace": trace,
            "filter": {field: query}});
        for (tool, arguments, parts) in [("files_put", put, 5), ("listTickets", list, 4)] {
            let Ok(request) = Request::of(service.operation(tool).unwrap(), &arguments) else { continue };
            let url = request.url(&base()).unwrap();
            prop_assert_eq!(url.origin(), base().origin());
            prop_assert_eq!(url.path_segments().unwrap().count(), parts, "{}", url);
            prop_assert!(url.path().starts_with("/v1/projects/"));
            for (name, _) in url.query_pairs() {
                let known = ["name", "state"].contains(&name.as_ref()) || name.starts_with("filter[");
                prop_assert!(known, "{}", url);
            }
            for (name, value) in &request.headers {
                prop_assert_eq!(name, "X-Trace");
                prop_assert!(!value.contains(['\r', '\n']));
            }
            // A server that decodes the path once or twice and then walks it stays where it was.
            let mut read = url.path().to_owned();
            for _ in 0..2 {
                read = String::from_utf8_lossy(&crate::percent::decode_loosely(&read)).into_owned();
                let up = read.split(['/', '\\']).any(|part| part == "..");
                prop_assert!(!up, "{}", url);
            }
        }
    }
}
