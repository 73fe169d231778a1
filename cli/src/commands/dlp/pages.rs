//! The pages of the catalogue, made from it: a kind that is added to it has a section without any edit here.

use std::fmt::Write as _;

use dlp::{Family, Kind};

/// What every page begins with.
const MADE: &str = "<!-- Written by `make detectors` from the catalogue in dlp/src/kind. -->\n";

/// Every page with the name of its file: the index first, then one a family that has kinds.
pub(super) fn all() -> Vec<(String, String)> {
    let mut pages = vec![("README.md".to_owned(), index())];
    for family in Family::ALL.iter().copied().filter(|family| kinds(*family).next().is_some()) {
        let mut text = format!("{MADE}# {}\n\n{}\n", title(family), about(family));
        for kind in kinds(family) {
            text.push('\n');
            text.push_str(&section(kind));
        }
        pages.push((format!("{family}.md"), text));
    }
    pages
}

/// The section of one kind.
pub(super) fn section(kind: Kind) -> String {
    let about = kind.about();
    let mut text = format!("## {}\n\n{}\n\n", about.name, about.what);
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "- {name}: {value}");
    };
    row("told by", about.validated);
    row("source", about.source);
    row("label", &format!("`{}`", about.label));
    row(
        "in policies",
        &format!(
            "`@redact(\"{0}\")`, `context.kinds.contains(\"{0}\")`; in settings `[dlp.labels]` with \
             `{0} = \"...\"`",
            about.name
        ),
    );
    row("in its place a model reads", &format!("`[[{}:7f3k2q]]`", kind.marker()));
    if let Some(example) = kind.example() {
        row("example, invented", &format!("`{example}`"));
    }
    text
}

fn index() -> String {
    let mut text = format!(
        "{MADE}# What is found\n\nEvery kind of data that the engine tells from other text. A policy or setting \
         may name a family in\nplace of all its kinds. How it works is in [dlp.md](../dlp.md); \
         `orchestack dlp kinds` prints this list.\n\n| kind | family | label | what |\n|---|---|---|---|\n"
    );
    for kind in Family::ALL.iter().copied().flat_map(kinds) {
        let (about, name) = (kind.about(), kind.as_str());
        let _ = writeln!(
            text,
            "| [`{name}`]({family}.md#{name}) | {family} | {} | {} |",
            about.label,
            about.what.replace('|', "\\|"),
            family = about.family,
        );
    }
    text
}

fn kinds(family: Family) -> impl Iterator<Item = Kind> {
    Kind::all().filter(move |kind| kind.family() == family)
}

const fn title(family: Family) -> &'static str {
    match family {
        Family::Personal => "Personal data",
        Family::Name => "Names",
        Family::Health => "Health data",
        Family::Payment => "Payment data",
        Family::Secret => "Secrets",
        Family::Custom => "Detectors of the tree",
    }
}

const fn about(family: Family) -> &'static str {
    match family {
        Family::Personal => "What reaches or identifies a person: `personal`.",
        Family::Name => {
            "What is probably somebody's name: `name`. A guess, which may be redacted and blocks nothing by itself."
        }
        Family::Health => "What is about somebody's health: `health`.",
        Family::Payment => "What moves money: `payment`.",
        Family::Secret => "What opens a door: keys, tokens, passwords: `secret`.",
        Family::Custom => "What detectors of the git tree find: `custom`.",
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn the_pages_in_docs_are_those_of_the_catalogue() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/detectors");
        let pages = all();
        for (name, text) in &pages {
            let there = fs::read_to_string(dir.join(name)).unwrap_or_default();
            assert!(there == *text, "docs/detectors/{name} is stale: run `make detectors`");
        }
        let names: BTreeSet<String> = pages.into_iter().map(|(name, _)| name).collect();
        let there = fs::read_dir(&dir).unwrap().map(|file| file.unwrap().file_name());
        let there: BTreeSet<String> = there.map(|name| name.into_string().unwrap()).collect();
        assert_eq!(there, names, "docs/detectors has a page that nothing makes");
    }

    #[test]
    fn every_kind_has_a_section_and_a_line() {
        let text: String = all().into_iter().map(|(_, text)| text).collect();
        for kind in Kind::all() {
            assert!(text.contains(&format!("\n## {kind}\n")), "{kind}");
            assert!(text.contains(&format!("| [`{kind}`](")), "{kind}");
        }
    }
}
