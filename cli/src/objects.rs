//! Where the settings want objects to be.

use config::{
    SecretRef, Settings,
    settings::{Bucket, ObjectsPlace},
};
use store::objects::{Objects, Place, S3};
use types::Secret;

use crate::{failure::Failure, state::State};

/// The objects of this installation.
pub(crate) fn open(state: &State) -> Result<Objects, Failure> {
    let settings = &state.settings;
    let bytes_max = u64::try_from(settings.objects.bytes_max).unwrap_or(u64::MAX);
    let place = place(settings, config::settings::variable)?;
    state.store.objects(&place, bytes_max).map_err(Failure::of)
}

/// Their place, with its secrets from this environment.
pub(crate) fn place(
    settings: &Settings,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Place, Failure> {
    match &settings.objects.place {
        ObjectsPlace::Folder(dir) => Ok(Place::Folder(settings.state.dir.join(dir))),
        ObjectsPlace::Bucket(bucket) => Ok(Place::S3(s3(settings, bucket, lookup)?)),
    }
}

fn s3(
    settings: &Settings,
    bucket: &Bucket,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<S3, Failure> {
    let secret = |key: &str, reference: &SecretRef| -> Result<Secret, Failure> {
        let found = reference.resolve(&settings.state.dir, &lookup);
        found.map_err(|error| Failure::Failed(format!("`objects.{key}`: {error}")))
    };
    let keys = match &bucket.keys {
        Some(keys) => {
            let access = secret("access_key", &keys.access)?;
            Some((access.expose().to_owned(), secret("secret_key", &keys.secret)?))
        }
        None => None,
    };
    Ok(S3 {
        bucket: bucket.name.clone(),
        prefix: bucket.prefix.clone(),
        region: bucket.region.clone(),
        endpoint: bucket.endpoint.clone(),
        keys,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Place, Failure> {
        let text = format!("[state]\ndir = \"/srv/o\"\n[objects]\n{text}");
        let settings = Settings::parse("o.toml", &text, std::iter::empty()).unwrap();
        place(&settings, |name| (name != "UNSET").then(|| name.to_lowercase()))
    }

    #[test]
    fn a_relative_folder_is_in_the_state_folder() {
        let at = |text| read(text).unwrap().to_string();
        assert_eq!(at(""), "/srv/o/objects");
        assert_eq!(at("dir = \"things\"\n"), "/srv/o/things");
        assert_eq!(at("dir = \"/mnt/things\"\n"), "/mnt/things");
    }

    #[test]
    fn a_bucket_has_its_keys_from_where_they_are_and_shows_none() {
        let keys = |secret: &str| {
            read(&format!(
                "bucket = \"things\"\nprefix = \"prod\"\nendpoint = \"https://s3.internal\"\n\
                 access_key = \"env:ID\"\nsecret_key = \"env:{secret}\"\n"
            ))
        };
        let place = keys("HUSH").unwrap();
        assert_eq!(place.to_string(), "s3://things/prod at https://s3.internal");
        let Place::S3(S3 { keys: Some((access, secret)), .. }) = place else { panic!("no keys") };
        assert_eq!((access.as_str(), secret.expose()), ("id", "hush"));
        let told = keys("UNSET").unwrap_err().to_string();
        assert!(
            told.starts_with("`objects.secret_key`: the environment variable `UNSET`"),
            "{told}"
        );
    }
}
