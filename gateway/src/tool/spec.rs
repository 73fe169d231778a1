//! How a tool server of the tree is reached, with its secrets fetched from where their references point.

use std::path::Path;

use config::{
    SecretError, SecretRef,
    tree::{Sampling, ToolCredential, ToolOAuth, ToolProof, ToolServerFile, ToolTransport},
};
use mcp::{Asks, Credential, Launcher, Limits, NotAKey, OAuth, Proof, SigningKey, Spec, Transport};
use types::Secret;

/// From asking to the answer a server may take this many times its time-out, as long as it tells of progress.
const TIMEOUTS_MAX: u32 = 10;

/// Why there is nothing to connect to.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// There is no server.
    #[error("callers run its functions themselves")]
    Functions,
    /// Nobody runs sandboxes.
    #[error(
        "no sandboxes run here: set `sandbox.enabled`, or `sandbox.url` to where `orchestack sandbox serve` runs"
    )]
    NoSandboxes,
    /// A secret that it is shown cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// What it signs with is no key.
    #[error("`server.oauth.client_key` cannot be used: {0}")]
    Key(#[from] NotAKey),
}

/// Where the service of sandboxes is.
#[derive(Debug, Clone)]
pub struct Sandboxes {
    /// Its address, such as `http://127.0.0.1:8085/mcp`.
    pub url: String,
    /// What it is shown.
    pub token: Secret,
}

/// What a connection to a server is made from. Relative files of secrets, and the folders of child processes, are
/// in `state`.
///
/// # Errors
/// [`Unreachable`]
pub fn spec(
    server: &ToolServerFile,
    state: &Path,
    sandboxes: Option<&Sandboxes>,
) -> Result<Spec, Unreachable> {
    let resolve = |reference: &SecretRef| reference.resolve(state, config::settings::variable);
    let transport = match &server.transport {
        ToolTransport::Http { url, credential } => Transport::Http {
            url: url.clone(),
            private: server.private,
            credential: credential.as_ref().map(|of| shown(of, resolve)).transpose()?,
        },
        ToolTransport::Stdio { command, env } => {
            let named = |(name, of): (&String, &SecretRef)| Ok((name.clone(), resolve(of)?));
            Transport::Stdio {
                command: command.clone(),
                env: env.iter().map(named).collect::<Result<_, SecretError>>()?,
                home: state.join("tools").join(&server.name),
                launcher: Launcher::bare(),
            }
        }
        ToolTransport::OpenApi { document, base, credential } => Transport::OpenApi {
            document: document.text.clone(),
            base: base.clone(),
            private: server.private,
            credential: credential.as_ref().map(|of| shown(of, resolve)).transpose()?,
        },
        ToolTransport::Sandbox => {
            let Sandboxes { url, token } = sandboxes.ok_or(Unreachable::NoSandboxes)?;
            let credential = Some(Credential::Bearer(token.clone()));
            Transport::Http { url: url.clone(), private: true, credential }
        }
        ToolTransport::Functions => return Err(Unreachable::Functions),
    };
    Ok(Spec {
        name: server.name.clone(),
        transport,
        asks: Asks {
            sampling: server.sampling != Sampling::Off,
            elicitation: server.elicitation,
            roots: server.roots,
        },
        limits: Limits {
            timeout: server.timeout,
            total_max: server.timeout.saturating_mul(TIMEOUTS_MAX),
            result_bytes_max: server.result_bytes_max,
            concurrent_max: server.concurrent_max,
            ..Limits::default()
        },
    })
}

/// What a server is shown.
fn shown(
    credential: &ToolCredential,
    resolve: impl Fn(&SecretRef) -> Result<Secret, SecretError>,
) -> Result<Credential, Unreachable> {
    Ok(match credential {
        ToolCredential::Bearer(token) => Credential::Bearer(resolve(token)?),
        ToolCredential::OAuth(ToolOAuth {
            token_url,
            client_id,
            proof,
            audience,
            scopes,
            resource,
        }) => Credential::OAuth(OAuth {
            token_url: token_url.clone(),
            client_id: client_id.clone(),
            proof: match proof {
                ToolProof::Secret(secret) => Proof::Secret(resolve(secret)?),
                ToolProof::Key(key) => Proof::Key(SigningKey::from_pem(resolve(key)?.expose())?),
            },
            audience: audience.clone(),
            scopes: scopes.clone(),
            resource: resource.clone(),
        }),
    })
}
