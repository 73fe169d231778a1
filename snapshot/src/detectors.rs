//! The DLP engine of a tree: `[dlp]` of its settings and the files of `detectors/`.

use std::collections::BTreeMap;

use config::{Fault, Tree};
use dlp::{Custom, DetectorFile, Engine, Kind, Settings};

const FOLDER: &str = "detectors/";

/// The detectors of a tree, whatever else is in it.
///
/// # Errors
/// Every fault of the files that they are made of.
pub fn detectors(files: &BTreeMap<String, Vec<u8>>) -> Result<Engine, Vec<Fault>> {
    let own = files.iter().filter(|(path, _)| is_of_detectors(path));
    load(&Tree::load("", &own.map(|(path, text)| (path.clone(), text.clone())).collect())?)
}

/// Whether a file of the tree can have a say in what is found.
pub fn is_of_detectors(path: &str) -> bool {
    path == "orchestack.toml" || path.starts_with(FOLDER)
}

/// Compiles it.
pub(crate) fn load(tree: &Tree) -> Result<Engine, Vec<Fault>> {
    let settings = settings(tree).map_err(|fault| vec![fault]);
    let custom = custom(tree);
    match (settings, custom) {
        (Ok(settings), Ok(custom)) => Ok(Engine::new(&settings, custom)),
        (settings, custom) => {
            Err(settings.err().into_iter().chain(custom.err()).flatten().collect())
        }
    }
}

/// The kinds that the tree's detectors find, as far as its files can be read.
pub(crate) fn kinds(tree: &Tree) -> Vec<Kind> {
    let files = tree.raw.iter().filter(|file| file.path.starts_with(FOLDER));
    let name = |text: &str| Some(toml::from_str::<DetectorFile>(text).ok()?.kind);
    files.filter_map(|file| Kind::custom(&name(&file.text)?)).collect()
}

fn settings(tree: &Tree) -> Result<Settings, Fault> {
    let Some(table) = &tree.settings.dlp else { return Ok(Settings::default()) };
    table.clone().try_into().map_err(|error: toml::de::Error| Fault {
        file: "orchestack.toml".to_owned(),
        line: None,
        key: "dlp".to_owned(),
        message: error.message().to_owned(),
        fix: "see docs/dlp.md for the keys of `[dlp]`".to_owned(),
    })
}

fn custom(tree: &Tree) -> Result<Custom, Vec<Fault>> {
    let files = tree.raw.iter().filter(|file| file.path.starts_with(FOLDER));
    let (written, beside): (Vec<_>, Vec<_>) = files.partition(|file| file.path.ends_with(".toml"));
    let mut faults = Vec::new();
    let mut read = Vec::new();
    for file in written {
        match toml::from_str::<DetectorFile>(&file.text) {
            Ok(detector) => read.push((file.path.clone(), detector)),
            Err(error) => faults.push(Fault {
                file: file.path.clone(),
                line: error.span().map(|span| line_of(&file.text, span.start)),
                key: String::new(),
                message: error.message().to_owned(),
                fix: "see docs/dlp.md for the keys of a detector".to_owned(),
            }),
        }
    }
    let beside: Vec<_> =
        beside.iter().map(|file| dlp::Source { path: &file.path, text: &file.text }).collect();
    let custom = Custom::compile(&read, &beside);
    match custom {
        Ok(custom) if faults.is_empty() => Ok(custom),
        Ok(_) => Err(faults),
        Err(errors) => {
            faults.extend(errors.into_iter().map(|error| Fault {
                file: error.file,
                line: None,
                key: error.key,
                message: error.message,
                fix: error.fix,
            }));
            Err(faults)
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let files: BTreeMap<_, _> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        Tree::load("c0ffee", &files).unwrap()
    }

    #[test]
    fn a_detector_of_the_tree_finds_and_policies_may_name_what() {
        let text = "kind = \"ticket_number\"\n[[patterns]]\nregex = 'TCK-[0-9]{5}'";
        let policy = "@id(\"tickets-go\") @redact(\"ticket_number\") permit (principal, action == \
                      Orchestack::Action::\"callModel\", resource) when { \
                      context.kinds.contains(\"ticket_number\") };";
        let files = [("detectors/tickets.toml", text), ("policies/tickets.cedar", policy)];
        let engine = load(&tree(&files)).unwrap();
        assert_eq!(engine.scan("text", "see TCK-12345").findings.len(), 1);
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        assert!(crate::untested("c0ffee", &BTreeMap::from(files.clone())).is_ok());
        // Without the detector the kind is unknown.
        let alone =
            BTreeMap::from_iter(files.into_iter().filter(|(path, _)| path.ends_with("cedar")));
        let faults = crate::untested("c0ffee", &alone).unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains("ticket_number")), "{faults:?}");
    }

    #[test]
    fn every_mistake_is_told_with_its_file() {
        let tree = tree(&[
            ("detectors/a.toml", "kind = \"a_b\"\n\n[[pattern]]\nregex = 'abc'"),
            ("detectors/b.toml", "kind = \"email\"\n[dictionary]\nwords = [\"abc\"]"),
            ("orchestack.toml", "[dlp]\nregoins = []"),
        ]);
        let told: Vec<_> = load(&tree).unwrap_err().into_iter().map(|f| (f.file, f.line)).collect();
        let expected =
            [("orchestack.toml", None), ("detectors/a.toml", Some(3)), ("detectors/b.toml", None)];
        assert_eq!(told, expected.map(|(file, line)| (file.to_owned(), line)));
    }
}
