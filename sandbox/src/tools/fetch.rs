//! `http.fetch`: a program within the sandbox fetches, so that the way out is the sandbox's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Report, TEXT_BYTES_MAX, run};
use crate::{Command, Driver, Error, Handle};

/// The arguments of `http.fetch`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpFetch {
    /// An address of http or https.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
}

/// Fetches an address, over at most five redirections, each of which the sandbox may connect to.
///
/// # Errors
/// Where the address is none, or the sandbox does not do its part. A refusal on the way is no error.
pub async fn http_fetch(
    driver: &dyn Driver,
    sandbox: &Handle,
    arguments: &HttpFetch,
    key: &str,
) -> Result<Report, Error> {
    let url = address(&arguments.url)?;
    let most = (TEXT_BYTES_MAX * 4).to_string();
    let words = [
        "curl",
        // First, or the settings in its home are read: the home of a sandbox is its workspace.
        "--disable",
        "--silent",
        "--show-error",
        "--location",
        "--max-redirs",
        "5",
        "--proto",
        "=http,https",
        "--proto-redir",
        "=http,https",
        "--connect-timeout",
        "15",
        "--max-time",
        "60",
        "--max-filesize",
        &most,
        "--globoff",
        "--write-out",
        "%{stderr}status %{http_code}\\n",
        "--",
        url.as_str(),
    ];
    let (outcome, refused) = run(driver, sandbox, &Command::new(key, words)).await?;
    let mut report = Report::of(&outcome);
    let status = String::from_utf8_lossy(&outcome.stderr);
    let status = status.lines().rev().find_map(|line| line.strip_prefix("status ")?.parse().ok());
    report.ok &= status.is_some_and(|code: u16| (200..300).contains(&code)) && refused.is_empty();
    Ok(Report { refused, ..report })
}

/// An address that no program reads as an option, a file or a login.
pub(super) fn address(text: &str) -> Result<Url, Error> {
    let why = |why: &str| Error::Spec { why: format!("the address cannot be used: {why}") };
    let url = Url::parse(text).map_err(|_| why("it is none"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(why("only http and https are spoken"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(why("it has a login in it"));
    }
    if url.as_str().len() > 2048 {
        return Err(why("it is longer than 2048 bytes"));
    }
    Ok(url)
}
