use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::secrets;
use crate::Kind;

/// Text that looks drawn, and belongs to nobody.
const DRAWN: &str = "q7Zt3WmB9xKd5RfV1nHs";
const PASSWORD: &str = "kR9!wq2_Zt";

/// Checks what is found in a text, in order: kinds and values.
#[track_caller]
fn check(text: &str, expected: &[(Kind, &str)]) {
    let found = secrets(text);
    let found: Vec<_> = found.iter().map(|f| (f.kind, &text[f.span.clone()])).collect();
    assert_eq!(found, expected, "in {text:?}");
}

#[track_caller]
fn check_each(texts: &[String], kind: Kind, value: &str) {
    for text in texts {
        check(text, &[(kind, value)]);
    }
}

#[track_caller]
fn clean(texts: &[&str]) {
    for text in texts {
        check(text, &[]);
    }
}

#[test]
fn a_password_is_known_by_the_name_it_is_given_to() {
    let p = PASSWORD;
    let texts = [
        format!("password = \"{p}\""),
        format!("DB_PASSWORD={p}\n"),
        format!("dbPass: '{p}'"),
        format!("\"passwd\": \"{p}\","),
        format!("Passwort: \"{p}\""),
        format!("mot_de_passe = '{p}'"),
        format!("contraseña: \"{p}\""),
        format!("<password>{p}</password>"),
        format!("<add key=\"FromPassword\" value=\"{p}\" />"),
        format!("tool --password {p} run"),
        format!("The password is '{p}'."),
        format!("my password is {p}, please log in"),
        format!("das Passwort lautet {p}"),
        format!("le mot de passe est {p}."),
        format!("The password for user \"app\" is \"{p}\"."),
        format!("if password == \"{p}\" {{"),
        format!("credentials {{\n  username 'app'\n  password '{p}'\n}}"),
        format!("machine git.example.org login app password {p}\n"),
        format!("psexec \\\\host -u app -p {p} cmd"),
        format!("new NetworkCredential(\"app\", \"{p}\")"),
    ];
    check_each(&texts, Kind::PASSWORD, p);
}

#[test]
fn what_only_looks_like_a_password_is_none() {
    clean(&[
        "password = \"changeme\"",
        "password: ${DB_PASSWORD}",
        "password = process.env.DB_PASSWORD1",
        "password = getpass.getpass()",
        "password: &str, token: String,",
        "PASSWORD=$1",
        "\"password\": \"<your-password-1>\"",
        "\"password\": \"{{ vault_password1 }}\"",
        "password = \"xxxxxxxxxxxx\"",
        "password = \"************\"",
        "password_file = \"/run/secrets/db1\"",
        "passwordHash = \"q7Zt3WmB9xKd5RfV1nHs\"",
        "bypass = \"q7Zt3WmB9xKd5RfV1nHs\"",
        "[\"Password\", \"S3Configuration\"]",
        "forgot_password_url = \"/users/password/new1\"",
        "pub const PASSWORD_LENGTH_MIN: usize = 12;",
        "the password is wrong, and the pass is closed",
        "the password is base64-encoded, is SHA256 hashed, is 16 bytes long, was last-changed",
        "the token is valid2 and the secret is out",
        "docker run -p 8080:80 image, cargo test -p orchestack-dlp2",
    ]);
}

#[test]
fn a_token_is_known_by_the_name_it_is_given_to() {
    let d = DRAWN;
    let texts = [
        format!("my_token = \"{d}\""),
        format!("API_KEY={d}"),
        format!("apiKey: '{d}',"),
        format!("\"client_secret\" : \"{d}\""),
        format!("'access_key' => '{d}',"),
        format!("$token .= \"{d}\";"),
        format!("var serviceToken string = \"{d}\""),
        format!("const TOKEN: &str = \"{d}\";"),
        format!("System.setProperty(\"SERVICE_TOKEN\", \"{d}\")"),
        format!("https://api.example.org/v1/things?api_key={d}&page=1"),
        format!("curl -H \"X-Api-Key: {d}\" https://api.example.org"),
        format!("- name: SERVICE_TOKEN\n  value: \"{d}\""),
        format!("tool --token {d}"),
        format!("{{\\\"token\\\": \\\"{d}\\\"}}"),
    ];
    check_each(&texts, Kind::GENERIC_SECRET, d);
}

#[test]
fn a_token_may_be_longer_than_other_values() {
    let value: String = DRAWN.repeat(45);
    check(&format!("my_token = \"{value}\""), &[(Kind::GENERIC_SECRET, &value)]);
    check(&format!("AWS_SESSION_TOKEN={value}\n"), &[(Kind::AWS_SESSION_TOKEN, &value)]);
}

#[test]
fn names_hashes_and_references_are_no_tokens() {
    clean(&[
        "token = next_token(stream1)",
        "token: TokenKind2, secret: SecretKey256",
        "const MAX_TOKEN_SIZE_2: usize = FTS5_MAX_TOKEN_SIZE;",
        "csrf_token = \"q7Zt3WmB9xKd5RfV1nHs\"",
        "next_page_token: \"q7Zt3WmB9xKd5RfV1nHs\"",
        "public_token = \"q7Zt3WmB9xKd5RfV1nHs\"",
        "token_hash = \"q7Zt3WmB9xKd5RfV1nHs\"",
        "token_type = \"q7Zt3WmB9xKd5RfV1nHs\"",
        "tokenizer = \"q7Zt3WmB9xKd5RfV1nHs\"",
        "\"request_token\": \"0f8fad5b-d9cb-469f-a165-70867728950e\"",
        "token = \"$TOKEN_1\", token = ${{ secrets.TOKEN_1 }}",
        "token = \"https://example.org/t0ken1/x9\"",
        "token = \"2024-01-15T10:00:00Z\"",
        "token = \"12345678901234567890\"",
        "token = q7Zt3WmB9xKd...",
        "checksum = \"2010653d5e34572134d2f8e8bf09918b\"",
        "integrity: sha512-q7Zt3WmB9xKd5RfV1nHsq7Zt3WmB9xKd5RfV1nHs",
        "badge.svg?token=q7Zt3WmB9x",
        "\"Service::ApiKey\": \"48205d4ffd7feba3\"",
        "'secret_ref': 'V1SecretReference'",
    ]);
}

#[test]
fn the_credentials_of_a_request_stand_behind_a_scheme() {
    let basic = STANDARD.encode(format!("app:{PASSWORD}"));
    check(&format!("Authorization: Basic {basic}"), &[(Kind::BASIC_AUTH, &basic)]);
    check(
        &format!("headers[\"authorization\"] = \"Basic {basic}\""),
        &[(Kind::BASIC_AUTH, &basic)],
    );
    check(&format!("Authorization: Bearer {DRAWN}\r\n"), &[(Kind::BEARER_TOKEN, DRAWN)]);
    check(&format!("'Authorization': 'Token {DRAWN}'"), &[(Kind::BEARER_TOKEN, DRAWN)]);
    check(&format!("curl -u app:{PASSWORD} https://example.org"), &[(Kind::BASIC_AUTH, PASSWORD)]);
    check(&format!("curl --user 'app:{PASSWORD}' -X POST"), &[(Kind::BASIC_AUTH, PASSWORD)]);
    check(&format!("{{\"auth\": \"{basic}\"}}"), &[(Kind::DOCKER_AUTH, &basic)]);
    let stock = STANDARD.encode("user:password");
    clean(&[
        &format!("Authorization: Basic {stock}"),
        "Authorization: Bearer $TOKEN_1",
        "Authorization: Bearer <access-token-1>",
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service",
        "curl -u user:pass https://example.org",
        "curl -u \"${USER_1}:${PASS_1}\"",
        "curl -u $1:$2",
        "bearer tokens are sent in a header",
    ]);
}

#[test]
fn a_connection_string_holds_a_password() {
    for (text, password) in [
        ("Server=db.example.org;Database=b;User ID=app;Password=blooberry;", "blooberry"),
        ("\"Data Source=db,1433; Uid=app; Pwd=#g3ts0m3;\"", "#g3ts0m3"),
        ("User ID=app; Password =app_user;Initial Catalog=b;", "app_user"),
    ] {
        check(text, &[(Kind::CONNECTION_STRING, password)]);
    }
    clean(&["Server=db;User ID=app;Password=${PASSWORD};", "Server=db;User ID=app;Password=;"]);
}

#[test]
fn hashes_of_passwords_have_their_fields() {
    let body = |length: usize| DRAWN.chars().cycle().take(length).collect::<String>();
    for hash in [
        format!("$1$abcdef12${}", body(22)),
        format!("$2b$12${}", body(53)),
        format!("$5$rounds=5000$abcdef12${}", body(43)),
        format!("$6$abcdef12${}", body(86)),
        format!("$8$abcdef12345678${}", body(43)),
        format!("$argon2id$v=19$m=65536,t=2,p=1${}${}", body(22), body(43)),
        format!("{{SSHA}}{}", body(32)),
        format!("$P$B{}", body(30)),
    ] {
        check(&format!("app:{hash}:19000"), &[(Kind::PASSWORD_HASH, &hash)]);
        check(&format!("\"{hash}\""), &[(Kind::PASSWORD_HASH, &hash)]);
        clean(&[&hash[..hash.len() / 2], &format!("x{hash}")]);
    }
    clean(&["$1$2$3", "awk '{print $1$2}'", "$6$", "costs $5$ or $6$ each"]);
}

#[test]
fn the_values_of_a_kubernetes_secret_are_text_in_base64() {
    let value = STANDARD.encode("open sesame 42");
    let secret = |kind: &str| {
        format!(
            "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: x\ndata:\n  # base64\n  key: {value}\n"
        )
    };
    check(&secret("Secret"), &[(Kind::KUBERNETES_SECRET, &value)]);
    clean(&[
        &secret("ConfigMap"),
        &secret("Secret").replace(&value, "e30="),
        &secret("Secret").replace("data:", "spec:"),
    ]);
}

#[test]
fn a_key_that_was_encoded_again_is_found() {
    let dashes = "-".repeat(5);
    let body = DRAWN.repeat(8);
    let pem =
        format!("{dashes}BEGIN PRIVATE KEY{dashes}\n{body}\n{dashes}END PRIVATE KEY{dashes}\n");
    let encoded = STANDARD.encode(&pem);
    check(&format!("KEY_B64={encoded}\n"), &[(Kind::PRIVATE_KEY, &encoded)]);
    let certificate = STANDARD.encode(pem.replace("PRIVATE KEY", "CERTIFICATE"));
    clean(&[&format!("CRT_B64={certificate}\n")]);
    let part = |json: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
    let jwt = format!("{}.{}.{DRAWN}{DRAWN}", part(r#"{"alg":"HS256"}"#), part(r#"{"sub":"1"}"#));
    let encoded = STANDARD.encode(&jwt);
    check(&format!("x: {encoded}"), &[(Kind::JWT, &encoded)]);
}

#[test]
fn what_was_replaced_is_not_found_again() {
    for text in [
        "password = \"[[PASSWORD:1]]\"",
        "token: [[GENERIC_SECRET:7f3k2q]]",
        "Authorization: Bearer [[BEARER_TOKEN:1]]",
    ] {
        clean(&[text]);
    }
}

#[test]
fn what_no_row_expresses_is_found() {
    let hex = "2010653d5e34572134d2f8e8bf09918b";
    check(&format!("key: sk-{hex}"), &[(Kind::DEEPSEEK_KEY, &format!("sk-{hex}"))]);
    let django = format!(
        "django-insecure-{}",
        &"q7!Zt3^Wm=B9(xKd5*RfV1n&Hs8-LcYp2+GjT6aE4u$Q0w_XyNbMv".get(..50).unwrap()
    );
    check(&format!("X = '{django}'"), &[(Kind::DJANGO_SECRET_KEY, &django)]);
    let share = format!("{DRAWN}{DRAWN}Wq3=");
    check(&format!("Unseal Key 1: {share}\n"), &[(Kind::VAULT_UNSEAL_KEY, &share)]);
    check(&format!("vault operator unseal {share}"), &[(Kind::VAULT_UNSEAL_KEY, &share)]);
    let key = format!("8-{}", format!("{DRAWN}{DRAWN}{DRAWN}{DRAWN}").get(..64).unwrap());
    check(
        &format!("\"auth.login_with_api_key\", \"params\": [\"{key}\"]"),
        &[(Kind::TRUENAS_KEY, &key)],
    );
    clean(&["unseal key shares", "sk-2010653d5e34572134d2f8e8bf0991", "django-insecure-key"]);
}
