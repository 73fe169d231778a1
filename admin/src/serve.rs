//! The listeners of the admin API: TCP for tokens, a socket for the local operator.

use std::{
    io,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{
    net::{TcpListener, UnixListener, UnixStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    connections,
    control::{CONNECTIONS, Control, DRAIN, Entry},
    room::Room,
    router::within,
};

/// Why the admin API cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The TCP address is taken or not of this machine.
    #[error("cannot listen on `{address}`; set `admin.listen` to a free address: {source}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Another server answers on the socket.
    #[error(
        "another server answers on `{}`; stop it, or give this one its own `state.dir`", .0.display()
    )]
    Running(PathBuf),
    /// The socket cannot be made.
    #[error(
        "cannot make the socket `{}`; set `admin.socket` to a short path (at most 100 bytes) in a \
         folder of your own: {source}", path.display()
    )]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Options {
    /// For tokens.
    pub address: SocketAddr,
    /// For the local operator; its folder should be the operator's alone.
    pub socket: PathBuf,
}

/// The bound listeners.
pub struct Listeners {
    tcp: TcpListener,
    address: SocketAddr,
    unix: UnixListener,
    socket: PathBuf,
}

impl Listeners {
    /// Binds both.
    ///
    /// # Errors
    /// [`ListenError`].
    pub async fn bind(options: &Options) -> Result<Self, ListenError> {
        let wrong = |source| ListenError::Address { address: options.address, source };
        let unix = bind_socket(&options.socket).await?;
        let tcp = TcpListener::bind(options.address).await.map_err(wrong)?;
        let address = tcp.local_addr().map_err(wrong)?;
        Ok(Self { tcp, address, unix, socket: options.socket.clone() })
    }

    /// The TCP address in force, with the port that was really taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown`, then lets running operations end for [`DRAIN`].
    pub async fn run(self, control: Control, shutdown: CancellationToken) {
        let loopback = self.address.ip().is_loopback();
        let far = Room::new(control.clone(), Entry::Token { loopback });
        let near = Room::new(control, Entry::Local);
        let ip = |peer: &SocketAddr| Some(peer.ip());
        let (remote, local) = (within(Arc::clone(&far)), within(Arc::clone(&near)));
        let tcp = connections::serve(self.tcp, ip, (remote, CONNECTIONS), shutdown.clone());
        let unix = connections::serve(self.unix, |_| None, (local, CONNECTIONS), shutdown.clone());
        let both = async {
            tokio::join!(tcp, unix);
            tokio::join!(far.pull.end(), near.pull.end());
        };
        let late = async {
            shutdown.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            () = both => {}
            () = late => {}
        }
        // Only the file: whoever asks next finds out at once that nobody listens.
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// Binds the socket for this user alone. It is made in a folder that nobody else can look into and moved
/// to its place, so that nobody else can ever connect to it, and a stale one of a dead server is replaced.
async fn bind_socket(path: &Path) -> Result<UnixListener, ListenError> {
    let failed = |source| ListenError::Socket { path: path.to_owned(), source };
    let answers = timeout(std::time::Duration::from_secs(1), UnixStream::connect(path)).await;
    if matches!(answers, Ok(Ok(_)) | Err(_)) {
        return Err(ListenError::Running(path.to_owned()));
    }
    match std::fs::symlink_metadata(path) {
        Ok(meta) if !meta.file_type().is_socket() => {
            let source = io::Error::other("a file of that name is no socket");
            return Err(failed(source));
        }
        _ => {}
    }
    let folder = path.with_extension("new");
    let bound = bind_within(&folder);
    let moved = bound.and_then(|(listener, made)| std::fs::rename(made, path).map(|()| listener));
    // Empty by now; where it is not, something went wrong that is told.
    let _ = std::fs::remove_dir(&folder);
    moved.map_err(failed)
}

/// A socket with the rights of its owner alone, in a fresh folder of its owner alone: from its first
/// instant to the change of its rights it has those of the process's mask.
fn bind_within(folder: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let made = folder.join("s");
    // What a server left behind that died between two of these lines. A folder with anything else in it
    // stays, and is an error.
    let _ = std::fs::remove_file(&made);
    let _ = std::fs::remove_dir(folder);
    let _ = std::fs::remove_file(folder);
    std::fs::DirBuilder::new().mode(0o700).create(folder)?;
    let listener = UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
    Ok((listener, made))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn the_socket_is_made_where_nobody_else_can_connect_to_it() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("admin.new");
        for left_behind in [false, true] {
            if left_behind {
                // With rights that others have as well.
                std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
            let (_listener, made) = bind_within(&folder).unwrap();
            assert!(made.starts_with(&folder), "{}", made.display());
            assert_eq!((rights(&folder), rights(&made)), (0o700, 0o600));
        }
        // What is not ours to remove is in the way.
        std::fs::write(folder.join("other"), "").unwrap();
        assert!(bind_within(&folder).is_err());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_one_that_answers_is_not() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("admin.sock");
        drop(bind_socket(&path).await.unwrap());
        let bound = bind_socket(&path).await.unwrap();
        assert_eq!(rights(&path), 0o600);
        assert!(!state.path().join("admin.new").exists());
        assert!(matches!(bind_socket(&path).await, Err(ListenError::Running(_))));
        drop(bound);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        assert!(matches!(bind_socket(&path).await, Err(ListenError::Socket { .. })));
    }
}
