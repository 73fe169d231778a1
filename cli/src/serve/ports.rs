//! `ports.json`: where this process really listens, for scripts and tests. A service in a process of its own has a
//! file of its own, such as `ports.gateway.json`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::failure::Failure;

/// The addresses in force, of what this process has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) gateway: Option<SocketAddr>,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) webchat: Option<SocketAddr>,
}

/// The file; dropping it removes it.
pub(super) struct PortsFile(PathBuf);

/// Writes the file as a whole: a reader sees all of it or none. `service` is what this process is, where it is one
/// of several.
pub(super) fn write(dir: &Path, service: Option<&str>, ports: Ports) -> Result<PortsFile, Failure> {
    let name = service.map_or_else(|| "ports.json".to_owned(), |name| format!("ports.{name}.json"));
    let path = dir.join(&name);
    let beside = dir.join(format!("{name}.new"));
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
        let (gateway, admin, webchat) = (Some(address(1)), Some(address(2)), Some(address(3)));
        let file = write(dir.path(), None, Ports { gateway, admin, webchat }).unwrap();
        let alone = Ports { gateway, admin: None, webchat: None };
        let _alone = write(dir.path(), Some("gateway"), alone).unwrap();
        let path = dir.path().join("ports.json");
        let read = |name: &str| -> serde_json::Value {
            serde_json::from_slice(&std::fs::read(dir.path().join(name)).unwrap()).unwrap()
        };
        let all = json!({
            "gateway": "127.0.0.1:1", "admin": "127.0.0.1:2", "webchat": "127.0.0.1:3",
        });
        assert_eq!(read("ports.json"), all);
        assert_eq!(read("ports.gateway.json")["admin"], serde_json::Value::Null);
        drop(file);
        assert!(!path.exists());
    }
}
