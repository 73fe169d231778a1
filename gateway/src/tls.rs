//! TLS and mutual TLS for the data plane's listener, from PEM files.

use std::{path::Path, sync::Arc};

use pingora_core::listeners::tls::Acceptor;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};

/// Why the TLS settings cannot be used. Names the file; never shows what is in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A PEM file cannot be read.
    #[error("cannot read `{file}`: {why}; it must be a PEM file that this user may read")]
    File {
        /// Which file.
        file: String,
        /// What the parser said.
        why: String,
    },
    /// Certificate and key do not fit, or the authority is unusable.
    #[error("the TLS certificate, key or client authority cannot be used: {0}")]
    Material(String),
}

/// Builds the acceptor. With `client_ca`, only clients with a certificate of that authority get in.
///
/// # Errors
/// [`Error`] where a file is missing, is not PEM, or key and certificate do not fit.
pub fn acceptor(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Acceptor, Error> {
    let chain = certificates(cert)?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|why| unreadable(key, &why))?;
    let builder = ServerConfig::builder();
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(file)? {
                roots.add(authority).map_err(|why| Error::Material(why.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
                .build()
                .map_err(|why| Error::Material(why.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config =
        builder.with_single_cert(chain, key_der).map_err(|why| Error::Material(why.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Acceptor::from_server_config(Arc::new(config)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|why| unreadable(file, &why))?;
    if chain.is_empty() {
        let why = "it holds no certificate".to_owned();
        return Err(Error::File { file: file.display().to_string(), why });
    }
    Ok(chain)
}

fn unreadable(file: &Path, why: &rustls::pki_types::pem::Error) -> Error {
    Error::File { file: file.display().to_string(), why: why.to_string() }
}
