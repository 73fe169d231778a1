//! Objects: kept by their hash, checked when they are read, removed when nothing names them.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::json;
use store::{
    Store,
    objects::{Error, INLINE_BYTES_MAX, Objects, Place, ROUND_MAX, Round, S3},
    work,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use types::{Payload, Secret, TenantId};

use crate::{
    on_both,
    support::{Database, tenant},
    work::{message, payload},
};

on_both! {
    what_is_long_goes_by_reference;
    what_was_changed_is_not_given;
    what_nothing_names_is_removed;
    a_round_is_bounded_and_says_that_there_is_more;
    an_object_is_its_tenants;
    what_was_left_half_written_is_removed;
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Makes every object old.
const AGE: &str = "update artifacts set used_at = 1";

fn open(store: &Store) -> (Objects, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().join("objects"));
    (store.objects(&place, 1 << 20).unwrap(), folder)
}

fn hash(payload: &Payload) -> &str {
    let Payload::Object { sha256, .. } = payload else { panic!("not an object: {payload:?}") };
    sha256
}

/// The one file below a folder.
fn file(folder: &tempfile::TempDir) -> Option<PathBuf> {
    let mut open = vec![folder.path().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                return Some(path);
            }
            open.push(path);
        }
    }
    None
}

async fn what_is_long_goes_by_reference(database: &Database) {
    let store = database.prepared().await;
    let (objects, folder) = open(&store);
    let short = json!({ "text": "hello" });
    let kept = objects.payload(tenant(), short.clone()).await.unwrap();
    assert_eq!(kept, payload(short.clone()));
    assert_eq!(objects.value(tenant(), &kept).await.unwrap(), short);
    assert_eq!(file(&folder), None);
    let long = json!({ "text": "x".repeat(INLINE_BYTES_MAX) });
    let kept = objects.payload(tenant(), long.clone()).await.unwrap();
    assert_eq!(objects.value(tenant(), &kept).await.unwrap(), long);
    assert_eq!(objects.payload(tenant(), long).await.unwrap(), kept, "the same bytes");
    assert!(file(&folder).is_some());
    let huge = objects.put(tenant(), "text/plain", vec![0; (1 << 20) + 1]).await;
    assert!(matches!(huge, Err(Error::TooLarge { .. })));
    // Work goes on with it.
    let mut sent = message("c1", "m1");
    sent.body = kept.clone();
    store.work().accept(&sent).await.unwrap();
    store.work().schedule(1).await.unwrap();
    assert_eq!(store.work().created(1).await.unwrap()[0].input, kept);
}

async fn what_was_changed_is_not_given(database: &Database) {
    let store = database.prepared().await;
    let (objects, folder) = open(&store);
    let kept = objects.put(tenant(), "text/plain", b"hello".to_vec()).await.unwrap();
    assert_eq!(objects.get(tenant(), hash(&kept)).await.unwrap(), b"hello");
    let file = file(&folder).unwrap();
    for changed in ["hellO", "hello!", ""] {
        std::fs::write(&file, changed).unwrap();
        let read = objects.get(tenant(), hash(&kept)).await;
        assert!(matches!(read, Err(Error::Changed { .. })), "{changed}: {read:?}");
    }
    std::fs::remove_file(&file).unwrap();
    let read = objects.get(tenant(), hash(&kept)).await;
    assert!(matches!(read, Err(Error::Missing { .. })), "{read:?}");
    // Kept again, it is there again.
    objects.put(tenant(), "text/plain", b"hello".to_vec()).await.unwrap();
    assert_eq!(objects.get(tenant(), hash(&kept)).await.unwrap(), b"hello");
}

async fn what_was_left_half_written_is_removed(database: &Database) {
    let store = database.prepared().await;
    let (objects, folder) = open(&store);
    let kept = objects.put(tenant(), "text/plain", b"hello".to_vec()).await.unwrap();
    let whole = file(&folder).unwrap();
    let beside = |end: &str| whole.with_file_name(format!("{}{end}", hash(&kept)));
    let (old, young, other) = (beside("#1"), beside("#2"), beside("#mine"));
    for file in [&old, &young, &other] {
        std::fs::write(file, "hel").unwrap();
    }
    let before = std::time::SystemTime::now() - 2 * DAY;
    for file in [&whole, &old, &other] {
        std::fs::File::options().write(true).open(file).unwrap().set_modified(before).unwrap();
    }
    assert_eq!(objects.sweep(DAY).await.unwrap(), 1);
    assert_eq!(objects.sweep(DAY).await.unwrap(), 0);
    assert!(!old.exists() && young.exists() && other.exists());
    assert_eq!(objects.get(tenant(), hash(&kept)).await.unwrap(), b"hello");
}

async fn what_nothing_names_is_removed(database: &Database) {
    let store = database.prepared().await;
    let (objects, folder) = open(&store);
    let named = objects.put(tenant(), "text/plain", b"named".to_vec()).await.unwrap();
    let attached = objects.put(tenant(), "image/png", b"attached".to_vec()).await.unwrap();
    let unnamed = objects.put(tenant(), "text/plain", b"unnamed".to_vec()).await.unwrap();
    let mut sent = message("c1", "m1");
    sent.body = named.clone();
    store.work().accept(&sent).await.unwrap();
    let mut sent = message("c1", "m2");
    let attachment = json!({ "name": "a.png", "sha256": hash(&attached), "size": 8 });
    sent.body = payload(json!({ "text": "look", "attachments": [attachment] }));
    store.work().accept(&sent).await.unwrap();

    assert_eq!(objects.collect(DAY).await.unwrap(), Round::default(), "it is young");
    assert_eq!(store.unnamed_objects().await.unwrap().count, 1);
    database.tamper(AGE).await;
    assert_eq!(objects.collect(DAY).await.unwrap(), Round { removed: 1, ..Round::default() });
    assert_eq!(objects.collect(DAY).await.unwrap(), Round::default());
    assert_eq!(store.unnamed_objects().await.unwrap().count, 0);
    for kept in [&named, &attached] {
        objects.get(tenant(), hash(kept)).await.unwrap();
    }
    let gone = objects.get(tenant(), hash(&unnamed)).await;
    assert!(matches!(gone, Err(Error::Missing { .. })), "{gone:?}");
    drop(folder);
}

async fn a_round_is_bounded_and_says_that_there_is_more(database: &Database) {
    let store = database.prepared().await;
    let (objects, folder) = open(&store);
    for n in 0..=ROUND_MAX {
        objects.put(tenant(), "text/plain", n.to_be_bytes().to_vec()).await.unwrap();
    }
    database.tamper(AGE).await;
    let full = Round { removed: ROUND_MAX.into(), put_off: 0, more: true };
    assert_eq!(objects.collect(DAY).await.unwrap(), full);
    assert!(file(&folder).is_some());
    let last = Round { removed: 1, ..Round::default() };
    assert_eq!(objects.collect(DAY).await.unwrap(), last);
    assert_eq!(file(&folder), None);
}

async fn an_object_is_its_tenants(database: &Database) {
    let store = database.prepared().await;
    let (objects, _folder) = open(&store);
    let other = TenantId::from_parts(9, 9);
    let kept = objects.put(other, "text/plain", b"theirs".to_vec()).await.unwrap();
    let read = objects.get(tenant(), hash(&kept)).await;
    assert!(matches!(read, Err(Error::Missing { .. })), "{read:?}");
    // Nor can a message take it.
    let mut sent = message("c1", "m1");
    sent.body = kept;
    let refused = store.work().accept(&sent).await;
    assert!(matches!(refused, Err(work::Error::Missing { noun: "object", .. })), "{refused:?}");
    assert_eq!(database.count("select count(*) from inbox").await, 0);
}

#[tokio::test]
async fn a_place_that_cannot_be_used_says_so() {
    let store = Database::sqlite().prepared().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let place = Place::Folder(file.path().join("objects"));
    let refused = store.objects(&place, 1).err().unwrap();
    assert!(refused.to_string().starts_with("objects cannot be kept at `"), "{refused}");
}

fn s3(endpoint: &str) -> Place {
    // As the binary does when it starts; another test may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Place::S3(S3 {
        bucket: "things".to_owned(),
        prefix: "ours".to_owned(),
        region: "eu-central-1".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        keys: Some(("key".to_owned(), Secret::new("secret"))),
    })
}

/// What an object is called in the bucket.
fn name(kept: &Payload) -> String {
    format!("/things/ours/{}/{}/{}", tenant(), &hash(kept)[..2], hash(kept))
}

#[tokio::test]
async fn a_bucket_keeps_objects_as_a_folder_does() {
    let database = Database::sqlite();
    let store = database.prepared().await;
    let bucket = bucket().await;
    let objects = store.objects(&s3(&bucket.address), 1 << 20).unwrap();
    let kept = objects.put(tenant(), "text/plain", b"hello".to_vec()).await.unwrap();
    assert_eq!(bucket.files().get(&name(&kept)).unwrap(), b"hello");
    assert_eq!(objects.get(tenant(), hash(&kept)).await.unwrap(), b"hello");
    bucket.files().insert(name(&kept), b"hellO".to_vec());
    let changed = objects.get(tenant(), hash(&kept)).await;
    assert!(matches!(changed, Err(Error::Changed { .. })), "{changed:?}");
    database.tamper(AGE).await;
    assert_eq!(objects.collect(DAY).await.unwrap().removed, 1);
    assert_eq!(bucket.files().len(), 0);
    assert!(matches!(objects.get(tenant(), hash(&kept)).await, Err(Error::Missing { .. })));
}

#[tokio::test]
async fn an_object_that_the_place_keeps_holds_up_no_other() {
    let database = Database::sqlite();
    let store = database.prepared().await;
    let bucket = bucket().await;
    let objects = store.objects(&s3(&bucket.address), 1 << 20).unwrap();
    let locked = objects.put(tenant(), "text/plain", b"locked".to_vec()).await.unwrap();
    database.tamper(AGE).await;
    let other = objects.put(tenant(), "text/plain", b"other".to_vec()).await.unwrap();
    database.tamper("update artifacts set used_at = 2 where used_at > 1").await;
    bucket.locks.lock().unwrap().push(name(&locked));

    let first = objects.collect(DAY).await.unwrap();
    assert_eq!(first, Round { put_off: 1, ..Round::default() }, "the oldest one stays");
    assert_eq!(objects.get(tenant(), hash(&locked)).await.unwrap(), b"locked");
    let second = objects.collect(DAY).await.unwrap();
    assert_eq!(second, Round { removed: 1, ..Round::default() });
    let gone = objects.get(tenant(), hash(&other)).await;
    assert!(matches!(gone, Err(Error::Missing { .. })), "{gone:?}");
    // Once it can be removed, it is.
    bucket.locks.lock().unwrap().clear();
    database.tamper(AGE).await;
    assert_eq!(objects.collect(DAY).await.unwrap().removed, 1);
}

#[tokio::test]
async fn nobody_waits_for_a_place_that_is_silent() {
    let database = Database::sqlite();
    let store = database.prepared().await;
    let (folder, _keep) = open(&store);
    folder.put(tenant(), "text/plain", b"old".to_vec()).await.unwrap();
    database.tamper(AGE).await;
    // It takes connections and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let silent = store.objects(&s3(&address), 1 << 20).unwrap();
    let collecting = tokio::spawn(async move { silent.collect(DAY).await });
    let _connection = listener.accept().await.unwrap();
    // SQLite has one connection that writes.
    folder.put(tenant(), "text/plain", b"new".to_vec()).await.unwrap();
    assert!(!collecting.is_finished(), "somebody waited for the place");
    let told = collecting.await.unwrap();
    assert!(matches!(told, Err(Error::Unavailable(_))), "{told:?}");
    assert_eq!(store.unnamed_objects().await.unwrap().count, 2);
    let old = "select count(*) from artifacts where used_at = 1";
    assert_eq!(database.count(old).await, 1, "it is not put off");
}

#[tokio::test]
async fn a_place_is_tried_as_it_will_be_used() {
    let bucket = bucket().await;
    s3(&bucket.address).check().await.unwrap();
    assert!(bucket.files().is_empty(), "nothing is left");
    bucket.locks.lock().unwrap().push("/things/ours/check".to_owned());
    let told = s3(&bucket.address).check().await;
    assert!(matches!(told, Err(Error::Unavailable(_))), "{told:?}");
}

/// A server that speaks as much of S3 as is needed here.
struct Bucket {
    address: String,
    things: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Beginnings of what nobody may remove.
    locks: Mutex<Vec<String>>,
}

impl Bucket {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.things.lock().unwrap()
    }

    /// The answer to a request.
    fn answer(&self, method: &str, path: String, body: Vec<u8>) -> (&'static str, Vec<u8>) {
        let mut files = self.files();
        let is_locked = self.locks.lock().unwrap().iter().any(|lock| path.starts_with(lock));
        match (method, files.get(&path).cloned()) {
            ("PUT", _) => {
                files.insert(path, body);
                ("200 OK", Vec::new())
            }
            ("DELETE", _) if is_locked => ("403 Forbidden", Vec::new()),
            ("DELETE", _) => {
                files.remove(&path);
                ("204 No Content", Vec::new())
            }
            (_, Some(body)) => ("200 OK", body),
            (_, None) => ("404 Not Found", Vec::new()),
        }
    }
}

async fn bucket() -> Arc<Bucket> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let bucket = Arc::new(Bucket { address, things: Mutex::default(), locks: Mutex::default() });
    let serving = Arc::clone(&bucket);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(BufReader::new(stream), Arc::clone(&serving)));
        }
    });
    bucket
}

async fn serve(mut stream: BufReader<TcpStream>, bucket: Arc<Bucket>) {
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return;
            }
            let lower = line.to_lowercase();
            if let Some(text) = lower.strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        assert!(head.to_lowercase().contains("authorization: aws4-hmac-sha256"), "{head}");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap().to_owned());
        let (status, mut body) = bucket.answer(method, path, body);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nETag: \"1\"\r\nContent-Length: {length}\r\n\
             Last-Modified: Sat, 28 Nov 2026 22:00:00 GMT\r\n\r\n"
        );
        if method == "HEAD" {
            body.clear();
        }
        stream.write_all(&[head.into_bytes(), body].concat()).await.unwrap();
    }
}
