//! `[objects]`: where payloads are kept that are too large for a row, and for how long nobody needs to name them.

use std::{path::PathBuf, str::FromStr, time::Duration};

use super::HttpUrl;
use crate::{
    SecretRef,
    document::Place,
    reader::{Reader, quoted},
};

/// Where payloads are kept that are too large for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objects {
    /// The folder or the bucket.
    pub place: ObjectsPlace,
    /// The largest object that is taken.
    pub bytes_max: usize,
    /// How long an object is kept that nothing names.
    pub unused_ttl: Duration,
}

/// Where objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectsPlace {
    /// A folder; a relative one is in the state directory.
    Folder(PathBuf),
    /// A bucket of S3.
    Bucket(Bucket),
}

/// A bucket of S3, or of what speaks its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What every name in it begins with; may be empty.
    pub prefix: String,
    /// Its region.
    pub region: String,
    /// Another address than Amazon's.
    pub endpoint: Option<String>,
    /// Where the access key and its secret are; the role of the machine where absent.
    pub keys: Option<BucketKeys>,
}

/// Where the two keys of a bucket are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketKeys {
    /// The access key.
    pub access: SecretRef,
    /// Its secret.
    pub secret: SecretRef,
}

const DIR: &str = "objects";
const REGION: &str = "us-east-1";
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Objects {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let dir_place = from.place_of("dir");
        let dir = from.path("dir", DIR, "The folder; a relative one is in the state directory.");
        let bucket = Bucket::read(&mut from);
        if let (Some(place), Some(_)) = (&dir_place, &bucket) {
            let message = "objects are in the bucket, and this names a folder".to_owned();
            let fix = "remove this line, or `bucket`".to_owned();
            from.fault("dir", Some(place), message, fix);
        }
        let read = Self {
            place: bucket.map_or(ObjectsPlace::Folder(dir), ObjectsPlace::Bucket),
            bytes_max: from.bytes(
                "bytes_max",
                64 * MIB,
                256 * KIB..=1024 * MIB,
                "The largest object that is taken.",
            ),
            // Longer than the hour for which a file can be added to a message.
            unused_ttl: from.duration(
                "unused_ttl",
                24 * HOUR,
                2 * HOUR..=365 * 24 * HOUR,
                "How long an object is kept that nothing names.",
            ),
        };
        from.finish();
        read
    }
}

impl Bucket {
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let place = from.place_of("bucket");
        let name: Option<BucketName> =
            from.optional("bucket", "orchestack", "A bucket of S3, in place of the folder.");
        let prefix: Prefix = from.parsed(
            "prefix",
            "",
            Prefix(String::new()),
            "What every name in the bucket begins with, such as `prod`.",
        );
        let region: Region =
            from.parsed("region", REGION, Region(REGION.to_owned()), "The bucket's region.");
        let endpoint_place = from.place_of("endpoint");
        let endpoint: Option<HttpUrl> =
            from.optional("endpoint", "https://s3.example.com", "Another address than Amazon's.");
        let keys = BucketKeys::read(from, place.is_some());
        if let (Some(at), None) = (&endpoint_place, &place) {
            no_bucket(from, "endpoint", at);
        }
        Some(Self {
            name: name?.0,
            prefix: prefix.0,
            region: region.0,
            endpoint: endpoint.map(|HttpUrl(url)| url),
            keys,
        })
    }
}

impl BucketKeys {
    fn read(from: &mut Reader<'_>, has_bucket: bool) -> Option<Self> {
        let places = [from.place_of("access_key"), from.place_of("secret_key")];
        let access = from.optional(
            "access_key",
            "env:AWS_ACCESS_KEY_ID",
            "Where the access key is; the role of the machine counts where there is none.",
        );
        let secret =
            from.optional("secret_key", "env:AWS_SECRET_ACCESS_KEY", "Where its secret is.");
        match &places {
            [Some(at), _] if !has_bucket => no_bucket(from, "access_key", at),
            [None, Some(at)] if !has_bucket => no_bucket(from, "secret_key", at),
            [Some(at), None] => half(from, ("access_key", at), "secret_key"),
            [None, Some(at)] => half(from, ("secret_key", at), "access_key"),
            [Some(_), Some(_)] | [None, None] => {}
        }
        Some(Self { access: access?, secret: secret? })
    }
}

/// A key of a bucket that nobody named: the objects would be in the folder, unnoticed.
fn no_bucket(from: &mut Reader<'_>, key: &'static str, at: &Place) {
    let message = "this is of a bucket, and none is named".to_owned();
    from.fault(key, Some(at), message, "name it in `bucket`, or remove this line".to_owned());
}

fn half(from: &mut Reader<'_>, (key, at): (&'static str, &Place), other: &str) {
    let message = format!("this needs `{other}` beside it");
    let fix = format!("add a line such as `{other} = {}`", quoted("env:NAME"));
    from.fault(key, Some(at), message, fix);
}

/// A name as S3 has them: it is part of addresses.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
struct BucketName(String);

impl FromStr for BucketName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alone = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ends = text.bytes().next().is_some_and(alone) && text.bytes().last().is_some_and(alone);
        if !(3..=63).contains(&text.len())
            || !ends
            || !text.bytes().all(|b| alone(b) || b".-".contains(&b))
        {
            return Err("a bucket is 3 to 63 lower-case letters, digits, `-` and `.`");
        }
        Ok(Self(text.to_owned()))
    }
}

struct Region(String);

impl FromStr for Region {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(plain) {
            return Err("a region is letters, digits and `-`, at most 64");
        }
        Ok(Self(text.to_owned()))
    }
}

struct Prefix(String);

impl FromStr for Prefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let part = |part: &str| !part.is_empty() && part != "." && part != "..";
        let parts = text.is_empty() || text.split('/').all(|p| part(p) && p.bytes().all(plain));
        if text.len() > 256 || !parts {
            return Err("a prefix is letters, digits, `-`, `_` and `.` between single `/`");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn read(text: &str) -> Result<Objects, String> {
        let text = format!("[objects]\n{text}");
        let read = Settings::parse("o.toml", &text, std::iter::empty());
        read.map(|settings| settings.objects)
            .map_err(|faults| faults.iter().map(|fault| format!("{fault}\n")).collect())
    }

    #[test]
    fn a_bucket_takes_the_place_of_the_folder() {
        let keys = "access_key = \"env:ID\"\nsecret_key = \"file:/run/s3\"\n";
        let text = format!(
            "bucket = \"things\"\nprefix = \"prod/a\"\nregion = \"eu-central-1\"\n\
             endpoint = \"https://s3.internal/\"\n{keys}"
        );
        let ObjectsPlace::Bucket(bucket) = read(&text).unwrap().place else { panic!("a folder") };
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("things", "prod/a"));
        assert_eq!(bucket.endpoint.as_deref(), Some("https://s3.internal"));
        assert_eq!(bucket.keys.unwrap().access, SecretRef::Env("ID".to_owned()));
        let alone = read("bucket = \"things\"\n").unwrap().place;
        assert!(matches!(alone, ObjectsPlace::Bucket(Bucket { keys: None, .. })), "{alone:?}");
    }

    #[test]
    fn what_would_be_kept_elsewhere_than_meant_is_refused() {
        let told = |text: &str| read(text).unwrap_err();
        let both = told("bucket = \"things\"\ndir = \"/srv/objects\"\n");
        assert!(both.contains("o.toml:3: objects.dir: objects are in the bucket"), "{both}");
        for key in ["endpoint = \"https://s3.internal\"", "access_key = \"env:ID\""] {
            let told = told(&format!("{key}\n"));
            assert!(told.contains("none is named") && told.lines().count() == 1, "{told}");
        }
        let half = told("bucket = \"things\"\nsecret_key = \"env:KEY\"\n");
        assert!(half.contains("objects.secret_key: this needs `access_key` beside it"), "{half}");
        // A secret in place of its reference is not repeated.
        let pasted = "bucket = \"things\"\naccess_key = \"env:ID\"\nsecret_key = \"hunter2\"\n";
        assert!(!told(pasted).contains("hunter2"));
        let soon = told("unused_ttl = \"1h\"\n");
        assert!(soon.contains("objects.unused_ttl"), "{soon}");
    }

    #[test]
    fn names_are_such_as_addresses_take() {
        for text in ["", "ab", "Things", "a_b", "-ab", "ab.", "a/b", &"a".repeat(64)] {
            assert!(text.parse::<BucketName>().is_err(), "{text}");
        }
        for text in ["/a", "a/", "a//b", "../a", "a b", "a?b"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
        for text in ["", "prod", "prod/eu-1/a.b_c"] {
            assert!(text.parse::<Prefix>().is_ok(), "{text}");
        }
        assert!("eu west".parse::<Region>().is_err() && "auto".parse::<Region>().is_ok());
    }
}
