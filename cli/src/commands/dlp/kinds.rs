//! `orchestack dlp kinds`: the catalogue.

use std::process::ExitCode;

use dlp::{Family, Kind};
use serde::Serialize;
use types::Label;

use super::pages;
use crate::{
    args::Kinds,
    failure::Failure,
    output::{Output, table},
};

/// A kind, for machines.
#[derive(Serialize)]
pub(super) struct KindView {
    name: &'static str,
    family: Family,
    label: Label,
    what: &'static str,
    validated: &'static str,
    source: &'static str,
    example: Option<&'static str>,
}

impl From<Kind> for KindView {
    fn from(kind: Kind) -> Self {
        let about = kind.about();
        Self {
            name: about.name,
            family: about.family,
            label: about.label,
            what: about.what,
            validated: about.validated,
            source: about.source,
            example: kind.example(),
        }
    }
}

pub(super) fn run(ask: Kinds, output: &Output) -> Result<ExitCode, Failure> {
    if let Some(dir) = ask.markdown {
        let pages = pages::all();
        std::fs::create_dir_all(&dir).map_err(Failure::of)?;
        for (name, text) in &pages {
            std::fs::write(dir.join(name), text).map_err(Failure::of)?;
        }
        output.line(&format!("{} pages are in {}", pages.len(), dir.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = |kind: &Kind| ask.family.is_none_or(|family| kind.family() == family);
    let kinds: Vec<KindView> = Kind::all().filter(wanted).map(KindView::from).collect();
    output.show(&kinds, |kinds| {
        let row = |kind: &KindView| {
            [kind.name, kind.family.as_str(), kind.label.as_str(), kind.what, kind.source]
                .map(str::to_owned)
        };
        let head = ["KIND", "FAMILY", "LABEL", "WHAT", "SOURCE"];
        table(head, kinds.iter().map(row).collect())
    });
    Ok(ExitCode::SUCCESS)
}
