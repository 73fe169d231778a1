//! Objects: payloads that are too large for a row or an event. They are named by their hash, in a folder or
//! in S3, and what no row names is removed after a while.

mod collect;
mod place;
mod unfinished;

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, path::Path};
use ring::digest;
use serde_json::Value;
use sqlx::AnyConnection;
use types::{Payload, TenantId};

pub use self::{
    collect::{ROUND_MAX, Round, Unnamed},
    place::{Place, S3},
};
use crate::{Store, rows::Get, store::Inner};

/// Why an object could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or the bucket cannot be used.
    #[error("objects cannot be kept at `{at}`: {why}")]
    Place {
        /// Which, without a password.
        at: String,
        /// What is wrong.
        why: String,
    },
    /// It is larger than any object may be.
    #[error("an object of {bytes} bytes is beyond the limit of {max}")]
    TooLarge {
        /// Its length.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// No such object, or another tenant's.
    #[error("there is no object `{sha256}`; it was never kept here, or nothing named it in time")]
    Missing {
        /// Its hash.
        sha256: String,
    },
    /// What is there is not what was kept.
    #[error("the object `{sha256}` is not what was kept: somebody changed it; restore it")]
    Changed {
        /// Its hash.
        sha256: String,
    },
    /// The folder or the bucket does not answer. Worth a retry.
    #[error("the place of objects is not available; check that it can be reached")]
    Unavailable(#[source] object_store::Error),
    /// The database could not do it.
    #[error(transparent)]
    Store(#[from] crate::Error),
}

/// The most bytes of a payload that stays in its row and event.
pub const INLINE_BYTES_MAX: usize = 256 * 1024;

/// Objects of the tenants of one database; clones share the place.
#[derive(Clone)]
pub struct Objects {
    inner: Arc<Inner>,
    place: Arc<dyn ObjectStore>,
    /// Where the place is one.
    folder: Option<PathBuf>,
    bytes_max: u64,
}

impl Store {
    /// Objects at a place. Every process of this database must have the same one.
    ///
    /// # Errors
    /// [`Error::Place`] where it cannot be used.
    pub fn objects(&self, place: &Place, bytes_max: u64) -> Result<Objects, Error> {
        let folder = match place {
            Place::Folder(folder) => Some(folder.clone()),
            Place::S3(_) => None,
        };
        Ok(Objects { inner: Arc::clone(&self.inner), place: place.open()?, folder, bytes_max })
    }
}

impl Objects {
    /// A JSON value as a payload: in itself where it is short, as an object where it is not.
    ///
    /// # Errors
    /// As [`Objects::put`].
    pub async fn payload(&self, tenant: TenantId, value: Value) -> Result<Payload, Error> {
        const JSON: &str = "application/json";
        let text = value.to_string();
        if text.len() > INLINE_BYTES_MAX {
            return self.put(tenant, JSON, text.into_bytes()).await;
        }
        let size_bytes = text.len() as u64;
        Ok(Payload::Inline { content_type: JSON.to_owned(), size_bytes, inline: value })
    }

    /// Keeps bytes and says how they are named. The same bytes are kept once. Until a message, a step or a
    /// result names them they may be removed.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unavailable`] or [`Error::Store`].
    pub async fn put(
        &self,
        tenant: TenantId,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<Payload, Error> {
        let size_bytes = bytes.len() as u64;
        if size_bytes > self.bytes_max {
            return Err(Error::TooLarge { bytes: size_bytes, max: self.bytes_max });
        }
        let sha256 = hash(&bytes);
        let uri = uri(tenant, &sha256);
        self.note(tenant, (&sha256, size_bytes), content_type, &uri).await?;
        crate::fault::point("object.noted");
        // The row is first: what is written behind it is known, and removed again if nothing names it.
        let put = self.place.put(&path(tenant, &sha256), PutPayload::from(bytes)).await;
        put.map_err(Error::Unavailable)?;
        crate::fault::point("object.written");
        Ok(Payload::Object { content_type: content_type.to_owned(), size_bytes, uri, sha256 })
    }

    /// The bytes of an object of a tenant, which are what was kept.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Changed`], [`Error::TooLarge`], [`Error::Unavailable`] or
    /// [`Error::Store`].
    pub async fn get(&self, tenant: TenantId, sha256: &str) -> Result<Vec<u8>, Error> {
        let missing = || Error::Missing { sha256: sha256.to_owned() };
        let row =
            sqlx::query("select size_bytes from artifacts where tenant_id = $1 and sha256 = $2")
                .bind(tenant.to_string())
                .bind(sha256.to_owned())
                .fetch_optional(&self.inner.read)
                .await
                .map_err(crate::Error::from)?;
        let row = row.ok_or_else(missing)?;
        let size = Get { row: &row, table: "artifacts" }.count("size_bytes")?;
        let found = self.place.get(&path(tenant, sha256)).await.map_err(|error| match error {
            object_store::Error::NotFound { .. } => missing(),
            other => Error::Unavailable(other),
        })?;
        // Before a byte of it is read: somebody may have put anything there.
        if found.meta.size != size {
            return Err(Error::Changed { sha256: sha256.to_owned() });
        }
        let bytes = found.bytes().await.map_err(Error::Unavailable)?;
        if hash(&bytes) != sha256 {
            return Err(Error::Changed { sha256: sha256.to_owned() });
        }
        Ok(bytes.to_vec())
    }

    /// The value of a payload, wherever it is.
    ///
    /// # Errors
    /// As [`Objects::get`]; [`Error::Changed`] also where it is not JSON.
    pub async fn value(&self, tenant: TenantId, payload: &Payload) -> Result<Value, Error> {
        match payload {
            Payload::Inline { inline, .. } => Ok(inline.clone()),
            Payload::Object { sha256, .. } => {
                let bytes = self.get(tenant, sha256).await?;
                serde_json::from_slice(&bytes)
                    .map_err(|_| Error::Changed { sha256: sha256.clone() })
            }
        }
    }

    async fn note(
        &self,
        tenant: TenantId,
        (sha256, size_bytes): (&str, u64),
        content_type: &str,
        uri: &str,
    ) -> Result<(), crate::Error> {
        let mut conn = self.inner.write.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        sqlx::query(
            "insert into artifacts (tenant_id, sha256, size_bytes, content_type, uri, created_at, \
               used_at, named) \
             values ($1, $2, $3, $4, $5, $6, $6, 0) \
             on conflict (tenant_id, sha256) do update set used_at = excluded.used_at",
        )
        .bind(tenant.to_string())
        .bind(sha256.to_owned())
        .bind(crate::rows::signed(size_bytes))
        .bind(crate::rows::plain(content_type))
        .bind(uri.to_owned())
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
        Ok(())
    }
}

/// Notes that a row names the objects of a payload: the payload itself, and attachments in it. From now on
/// they stay, and nothing takes that back: no row that names an object is ever removed (messages, tasks, steps,
/// effects and transcripts are not among what [`crate::retention`] removes). Returns the hash of a payload that is not kept for the tenant.
pub(crate) async fn name(
    conn: &mut AnyConnection,
    tenant: TenantId,
    payload: &Payload,
) -> Result<Option<String>, crate::Error> {
    match payload {
        Payload::Object { sha256, .. } => {
            let known = mark(conn, tenant, sha256).await?;
            Ok((!known).then(|| sha256.clone()))
        }
        Payload::Inline { inline, .. } => {
            // Not every hash in a value is an object of ours.
            for sha256 in hashes(inline) {
                mark(conn, tenant, sha256).await?;
            }
            Ok(None)
        }
    }
}

async fn mark(
    conn: &mut AnyConnection,
    tenant: TenantId,
    sha256: &str,
) -> Result<bool, crate::Error> {
    let done = sqlx::query("update artifacts set named = 1 where tenant_id = $1 and sha256 = $2")
        .bind(tenant.to_string())
        .bind(sha256.to_owned())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The most attachments of one payload that are looked for.
const NAMED_MAX: usize = 100;

/// What a value says under `sha256`, wherever in it. The depth of a parsed value is bounded.
fn hashes(value: &Value) -> Vec<&str> {
    let (mut found, mut open) = (Vec::new(), vec![value]);
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                let sha256 = fields.get("sha256").and_then(Value::as_str);
                found.extend(sha256.filter(|text| text.len() == 64));
                open.extend(fields.values());
            }
            Value::Array(values) => open.extend(values),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        if found.len() >= NAMED_MAX {
            break;
        }
    }
    found
}

fn path(tenant: TenantId, sha256: &str) -> Path {
    // Spread over folders: some file systems are slow with many names in one.
    let spread: String = sha256.chars().take(2).collect();
    Path::from_iter([tenant.to_string(), spread, sha256.to_owned()])
}

/// How an object is named in payloads. It says nothing of the place, which may move.
fn uri(tenant: TenantId, sha256: &str) -> String {
    format!("object:{tenant}/{sha256}")
}

fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest::digest(&digest::SHA256, bytes).as_ref() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attachments_are_found_wherever_they_are() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let value = json!({
            "sha256": a, "attachments": [{ "name": "x", "sha256": b }, { "sha256": "short" }],
            "text": "sha256",
        });
        let mut found = hashes(&value);
        found.sort_unstable();
        assert_eq!(found, [a, b]);
        let many: Vec<Value> = (0..1000).map(|_| json!({ "sha256": "c".repeat(64) })).collect();
        assert!(hashes(&json!(many)).len() <= NAMED_MAX);
    }

    #[test]
    fn a_hash_is_that_of_the_standard() {
        // FIPS 180-4, the example of `abc`.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash(b"abc"), expected);
    }
}
