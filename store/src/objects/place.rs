//! Where objects are: a folder, or a bucket that speaks S3.

use std::{path::PathBuf, sync::Arc};

use object_store::{
    ClientOptions, ObjectStore, aws::AmazonS3Builder, local::LocalFileSystem, prefix::PrefixStore,
};
use types::Secret;

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

impl Place {
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
        let place = builder.build().map_err(|error| Error::Place {
            at: format!("s3://{}", self.bucket),
            why: error.to_string(),
        })?;
        Ok(match self.prefix.as_str() {
            "" => Arc::new(place),
            prefix => Arc::new(PrefixStore::new(place, prefix)),
        })
    }
}
