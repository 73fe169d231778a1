//! Where objects are: a folder, or a bucket that speaks S3.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig,
    aws::AmazonS3Builder, local::LocalFileSystem, path::Path, prefix::PrefixStore,
};
use types::{EventId, Secret};

use super::Error;

/// Where objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine, created where it is missing.
    Folder(PathBuf),
    /// A bucket.
    S3(S3),
}

/// A bucket of S3, or of what speaks its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// What every name begins with; may be empty.
    pub prefix: String,
    /// Such as `eu-central-1`.
    pub region: String,
    /// Another address than Amazon's. Without `https` it is used as it is.
    pub endpoint: Option<String>,
    /// The access key and its secret; those of the machine where there are none.
    pub keys: Option<(String, Secret)>,
}

/// How often, and for how long, a request to a bucket is tried again: somebody waits for it.
const RETRIES_MAX: usize = 3;
const RETRY_TIME: Duration = Duration::from_secs(15);
/// How long [`Place::check`] waits for each answer.
const CHECK_TIME: Duration = Duration::from_secs(5);

impl Place {
    /// Whether it can be used: writes, reads and removes a small object of its own. A folder that is not there yet is
    /// not made.
    ///
    /// # Errors
    /// [`Error::Place`] or [`Error::Unavailable`].
    pub async fn check(&self) -> Result<(), Error> {
        if let Self::Folder(folder) = self
            && !folder.exists()
        {
            return Ok(());
        }
        let place = self.open()?;
        let path = Path::from_iter(["check".to_owned(), EventId::generate().to_string()]);
        let text = b"orchestack".as_slice();
        within(CHECK_TIME, place.put(&path, PutPayload::from_static(text))).await?;
        let read = within(CHECK_TIME, async { place.get(&path).await?.bytes().await }).await;
        within(CHECK_TIME, place.delete(&path)).await?;
        if read? != text {
            let why = "what is read is not what was written".to_owned();
            return Err(Error::Place { at: self.to_string(), why });
        }
        Ok(())
    }

    pub(super) fn open(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        match self {
            Self::Folder(folder) => {
                let failed = |why: String| Error::Place { at: folder.display().to_string(), why };
                std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
                let place = LocalFileSystem::new_with_prefix(folder)
                    .map_err(|error| failed(error.to_string()))?;
                // What is named by a committed row must survive a power cut.
                Ok(Arc::new(place.with_fsync(true)))
            }
            Self::S3(s3) => s3.open(),
        }
    }
}

impl S3 {
    fn open(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: RETRIES_MAX,
                retry_timeout: RETRY_TIME,
            })
            // One at a time, by what every server of this protocol knows.
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &self.endpoint {
            let plain = endpoint.starts_with("http://");
            let options = ClientOptions::new().with_allow_http(plain);
            builder = builder.with_endpoint(endpoint).with_client_options(options);
        }
        if let Some((key, secret)) = &self.keys {
            builder = builder.with_access_key_id(key).with_secret_access_key(secret.expose());
        }
        let place = builder
            .build()
            .map_err(|error| Error::Place { at: self.to_string(), why: error.to_string() })?;
        Ok(match self.prefix.as_str() {
            "" => Arc::new(place),
            prefix => Arc::new(PrefixStore::new(place, prefix)),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::S3(s3) => s3.fmt(f),
        }
    }
}

impl fmt::Display for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if !self.prefix.is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        self.endpoint.as_ref().map_or(Ok(()), |endpoint| write!(f, " at {endpoint}"))
    }
}

/// The answer of a place, if it comes in time.
pub(super) async fn within<T>(
    time: Duration,
    answer: impl Future<Output = object_store::Result<T>>,
) -> Result<T, Error> {
    let late = |_| object_store::Error::Generic {
        store: "place of objects",
        source: format!("no answer within {} s", time.as_secs()).into(),
    };
    tokio::time::timeout(time, answer).await.map_err(late).flatten().map_err(Error::Unavailable)
}
