//! Where objects are kept, and whether that can be used from here.

use config::Settings;
use serde::Serialize;

use crate::{failure::Failure, objects};

/// What is known of the place.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    /// The folder, or the bucket with its address.
    place: String,
    /// Why it cannot be used; nothing where it can.
    trouble: Option<String>,
    /// Why it was not asked, where it was not.
    not_asked: Option<String>,
}

/// Keeps a small object there and removes it again, with the settings and the secrets that are here.
pub(super) async fn ask(settings: &Settings) -> Health {
    let place = match objects::place(settings, config::settings::variable) {
        Ok(place) => place,
        // The server may well have what this command has not.
        Err(why) => {
            let (place, why) = ("a bucket".to_owned(), why.to_string());
            return Health { place, trouble: None, not_asked: Some(why) };
        }
    };
    let trouble = place.check().await.err().map(|error| Failure::of(error).to_string());
    Health { place: place.to_string(), trouble, not_asked: None }
}

impl Health {
    pub(super) fn problem(&self) -> Option<String> {
        let why = self.trouble.as_ref()?;
        Some(format!("objects cannot be kept at {}: {why}; see `[objects]`", self.place))
    }

    pub(super) fn told(&self) -> String {
        let state = match (&self.trouble, &self.not_asked) {
            (Some(_), _) => "cannot be used".to_owned(),
            (None, Some(why)) => format!("not asked: {why}"),
            (None, None) => "can be used".to_owned(),
        };
        format!("{}: {state}", self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        Settings::parse("o.toml", text, std::iter::empty()).unwrap()
    }

    #[tokio::test]
    async fn a_folder_that_is_there_is_tried_and_one_that_is_not_is_not_made() {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("objects");
        let text = format!("[state]\ndir = \"{}\"\n", outer.path().display());
        let health = ask(&settings(&text)).await;
        assert_eq!(health.told(), format!("{}: can be used", dir.display()));
        assert!(!dir.exists());
        std::fs::create_dir(&dir).unwrap();
        assert_eq!(ask(&settings(&text)).await.problem(), None);
        assert_eq!(files(&dir), 0, "nothing is left");
        // A file in its place.
        std::fs::remove_dir_all(&dir).unwrap();
        std::fs::write(&dir, "").unwrap();
        let told = ask(&settings(&text)).await.problem().unwrap();
        assert!(told.starts_with("objects cannot be kept at /") && told.contains("see"), "{told}");
    }

    #[tokio::test]
    async fn keys_that_are_not_here_are_no_problem() {
        let text = "[objects]\nbucket = \"things\"\naccess_key = \"file:/nowhere/a\"\n\
            secret_key = \"file:/nowhere/b\"\n";
        let health = ask(&settings(text)).await;
        assert_eq!(health.problem(), None);
        let told = health.told();
        assert!(told.starts_with("a bucket: not asked: `objects.access_key`: "), "{told}");
    }

    /// The files anywhere below a folder.
    fn files(folder: &std::path::Path) -> usize {
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            count += if path.is_dir() { files(&path) } else { 1 };
        }
        count
    }
}
