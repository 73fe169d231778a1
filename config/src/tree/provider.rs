//! `providers/*.toml`: where models are served.

use std::{str::FromStr, time::Duration};

use types::{Locality, Particulars, ProviderKind};

use super::{Rates, is_name};
use crate::{
    SecretRef,
    document::Node,
    reader::{Notes, Reader},
    settings::HttpUrl,
};

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderFile {
    /// Its name in policies, metrics and models' files.
    pub name: String,
    /// The wire format that it speaks.
    pub kind: ProviderKind,
    /// Its address without a slash at the end: with the path before `/chat/completions` for the
    /// kinds `openai` and `mistral`, the host alone for all others.
    pub base_url: String,
    /// Where it runs. This is a promise of whoever wrote the file.
    pub locality: Locality,
    /// Where its key is; none for a server that asks for none.
    pub secret: Option<SecretRef>,
    /// Its privacy class, a word for policies, such as `standard` or `no-retention`.
    pub privacy: String,
    /// For how many days it keeps what it is sent; `None` where nobody has said.
    pub retention_days: Option<u32>,
    /// The field that limits output.
    pub max_tokens_field: MaxTokensField,
    /// What its address and format do not tell.
    pub particulars: Particulars,
    /// Times that differ from the settings' `[upstream]`.
    pub timeouts: Timeouts,
    /// Requests at once; no limit of its own where absent.
    pub max_concurrent: Option<usize>,
    /// How much all callers together may ask of it.
    pub limits: Rates,
    /// The file it was written in.
    pub file: String,
    /// The line of its name.
    pub line: Option<usize>,
}

/// How OpenAI's dialect limits output: the newer field is unknown to many local servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxTokensField {
    /// `max_tokens`.
    Legacy,
    /// `max_completion_tokens`.
    Completion,
}

/// A provider's own times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect.
    pub connect: Option<Duration>,
    /// To the first byte of an answer that is streamed.
    pub first_byte: Option<Duration>,
    /// Between two pieces of a stream.
    pub idle: Option<Duration>,
    /// For the whole answer.
    pub total: Option<Duration>,
}

impl FromStr for MaxTokensField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "max_tokens" => Ok(Self::Legacy),
            "max_completion_tokens" => Ok(Self::Completion),
            _ => Err("the field is neither `max_tokens` nor `max_completion_tokens`"),
        }
    }
}

/// Reads `[[provider]]` tables, or a file that is one provider.
pub(super) fn read(path: &str, text: &str, notes: &mut Notes) -> Vec<ProviderFile> {
    super::each(path, text, "provider", notes, one)
}

fn one(file: &str, path: &str, node: Node, notes: &mut Notes) -> Option<ProviderFile> {
    let mut from = Reader::open(node, path, notes);
    let at = from.place_of("name");
    let places = super::particulars::places(&from);
    let name: Option<String> = from.required("name", "openai", "");
    if let Some(bad) = name.as_deref().filter(|name| !is_name(name)) {
        let fix = "use small letters, digits, `-`, `_` and `.`, at most 64".to_owned();
        from.fault("name", at.as_ref(), format!("`{bad}` is not a name of a provider"), fix);
    }
    let kind = from.required("kind", "openai", "");
    let base_url: Option<HttpUrl> = from.required("base_url", "https://api.openai.com/v1", "");
    let locality = from.required("locality", "cloud", "");
    let secret = from.optional("secret", "env:OPENAI_API_KEY", "");
    let privacy = from.text("privacy", "standard", "");
    let retention = from.optional_count("retention_days", 30, 0..=36_500, "");
    let field = from.optional("max_tokens_field", "max_tokens", "");
    let max_concurrent = from.optional_count("max_concurrent", 64, 1..=100_000, "");
    let particulars =
        super::particulars::read(&mut from, &places, kind, base_url.as_ref(), secret.as_ref());
    let timeouts = times(from.section("timeouts", ""));
    let limits = Rates::read_without_places(from.section("limits", ""));
    from.finish();
    let base_url = base_url?.0;
    let newest =
        base_url.starts_with("https://api.openai.com") || kind == Some(ProviderKind::Azure);
    let default = if newest { MaxTokensField::Completion } else { MaxTokensField::Legacy };
    Some(ProviderFile {
        name: name?,
        kind: kind?,
        base_url,
        locality: locality?,
        secret,
        privacy,
        retention_days: retention.and_then(|days| u32::try_from(days).ok()),
        max_tokens_field: field.unwrap_or(default),
        particulars,
        timeouts,
        max_concurrent,
        limits,
        file: file.to_owned(),
        line: at.and_then(|at| at.line),
    })
}

fn times(mut from: Reader<'_>) -> Timeouts {
    let mut time = |key, example: u64, most: u64| {
        let bounds = Duration::from_millis(10)..=Duration::from_secs(most);
        from.optional_duration(key, Duration::from_secs(example), bounds, "")
    };
    let read = Timeouts {
        connect: time("connect", 5, 60),
        first_byte: time("first_byte", 60, 1800),
        idle: time("idle", 30, 600),
        total: time("total", 600, 7200),
    };
    from.finish();
    read
}
