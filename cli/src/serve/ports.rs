//! `ports.json`: where this server really listens, for scripts and tests.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::failure::Failure;

/// The addresses in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) gateway: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Where there is a webchat.
    pub(crate) webchat: Option<SocketAddr>,
}

/// The file; dropping it removes it.
pub(super) struct PortsFile(PathBuf);

/// Writes the file as a whole: a reader sees all of it or none.
pub(super) fn write(dir: &Path, ports: Ports) -> Result<PortsFile, Failure> {
    let path = dir.join("ports.json");
    let beside = dir.join("ports.json.new");
    let Ports { gateway, admin, webchat } = ports;
    let text = json!({ "gateway": gateway, "admin": admin, "webchat": webchat }).to_string();
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
    written
        .map_err(|error| Failure::Failed(format!("cannot write `{}`: {error}", path.display())))?;
    Ok(PortsFile(path))
}

impl Drop for PortsFile {
    fn drop(&mut self) {
        // A stale file names ports that are gone; whoever reads it finds that out too.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_all_addresses_and_goes_with_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (gateway, admin, webchat) = (address(1), address(2), Some(address(3)));
        let file = write(dir.path(), Ports { gateway, admin, webchat }).unwrap();
        let path = dir.path().join("ports.json");
        let read: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(
            read,
            json!({
                "gateway": "127.0.0.1:1", "admin": "127.0.0.1:2", "webchat": "127.0.0.1:3",
            })
        );
        drop(file);
        assert!(!path.exists());
    }
}
