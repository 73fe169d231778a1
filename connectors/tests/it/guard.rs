//! What browsers may do here, and pages of others may not.

use serde_json::json;

use crate::support::{Site, Socket};

#[tokio::test]
async fn other_names_and_other_pages_are_refused() {
    let site = Site::with(|settings| {
        settings.hosts = vec!["chat.example.com".to_owned()];
        settings.origins = vec!["https://www.example.com".to_owned()];
    })
    .await;
    let own = site.url("");
    let conversation = json!({});
    let post = async |headers: &[(&str, &str)]| {
        site.post("/api/conversation", headers, &conversation).await.status().as_u16()
    };
    assert_eq!(post(&[]).await, 200);
    assert_eq!(post(&[("host", "chat.example.com")]).await, 200);
    assert_eq!(post(&[("host", "evil.example")]).await, 421);
    assert_eq!(post(&[("cookie", "a=b"), ("origin", &own)]).await, 200);
    assert_eq!(post(&[("cookie", "a=b")]).await, 403);
    assert_eq!(post(&[("cookie", "a=b"), ("origin", "http://evil.example")]).await, 403);
    assert_eq!(post(&[("origin", "null")]).await, 403);
    assert_eq!(post(&[("origin", "https://www.example.com")]).await, 200);

    let open = async |headers: &[(&'static str, &str)]| {
        Socket::open(site.address, headers).await.map(drop)
    };
    assert_eq!(open(&[("origin", &own)]).await, Ok(()));
    assert_eq!(open(&[("origin", "http://evil.example")]).await, Err(403));
    assert_eq!(open(&[("cookie", "a=b")]).await, Err(403));
}

#[tokio::test]
async fn the_page_may_do_little_and_only_named_pages_embed_it() {
    let site = Site::with(|settings| {
        settings.origins = vec!["https://www.example.com".to_owned()];
    })
    .await;
    let policy = async |path: &str| {
        let answer = site.get(path, &[]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        answer.headers()["content-security-policy"].to_str().unwrap().to_owned()
    };
    let page = policy("/").await;
    assert!(page.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{page}");
    assert!(page.ends_with("frame-ancestors 'none'"), "{page}");
    assert!(!page.contains("unsafe"), "{page}");
    let embedded = policy("/embed").await;
    assert!(embedded.ends_with("frame-ancestors 'self' https://www.example.com"), "{embedded}");
    for path in ["/assets/page.js", "/assets/page.css", "/widget.js", "/healthz", "/api/me"] {
        policy(path).await;
    }
    let page = site.get("/", &[]).await;
    let tag = page.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(site.get("/", &[("if-none-match", &tag)]).await.status(), 304);
    assert_eq!(site.get("/nothing", &[]).await.status(), 404);
}
