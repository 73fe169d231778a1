//! Keys that this installation made for itself: a file of random bytes, for its user alone.

use std::{io, os::unix::fs::OpenOptionsExt, path::Path};

use ring::rand::{SecureRandom, SystemRandom};

/// How many bytes such a file has.
pub const KEY_BYTES: usize = 32;

/// Reads the key in `file`, or makes one there. `lost` says what a key that is damaged takes with it.
///
/// # Errors
/// The file's own error, or `InvalidData` where it does not hold [`KEY_BYTES`] bytes.
pub fn at(file: &Path, lost: &str) -> io::Result<[u8; KEY_BYTES]> {
    match std::fs::read(file) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            let file = file.display();
            let why = format!("`{file}` must hold {KEY_BYTES} bytes; restore it, or {lost}");
            io::Error::new(io::ErrorKind::InvalidData, why)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut bytes = [0; KEY_BYTES];
            let random = SystemRandom::new();
            random.fill(&mut bytes).map_err(|_| io::Error::other("no random bytes"))?;
            let mut options = std::fs::OpenOptions::new();
            let mut opened = options.write(true).create_new(true).mode(0o600).open(file)?;
            io::Write::write_all(&mut opened, &bytes)?;
            opened.sync_all()?;
            Ok(bytes)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_its_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let made = at(&file, "all is lost").unwrap();
        assert_eq!(at(&file, "all is lost").unwrap(), made);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "short").unwrap();
        let told = at(&file, "all is lost").unwrap_err().to_string();
        assert!(told.ends_with("must hold 32 bytes; restore it, or all is lost"), "{told}");
    }
}
