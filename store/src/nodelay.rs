//! Sends what is written to the database at once.
//!
//! sqlx 0.9.0 leaves Nagle's algorithm on (its issue 4335, mended after that release): the rest of a message
//! that goes out in two pieces then waits for the other side's delayed acknowledgement, 40 ms on Linux.
//! A batch of the writer has several such messages. sqlx shows nobody its sockets, so they are found
//! among the process's own descriptors. Remove this file with the first release that sets the option itself.

use std::{io, os::fd::OwnedFd};

use rustix::{
    net::{AddressFamily, SocketType, sockopt},
    process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open},
};

/// Turns Nagle's algorithm off on every TCP connection of this process, and says on how many it was on.
/// Those that others opened lose nothing by it: all of ours answer or ask, and wait.
///
/// # Errors
/// Where the system does not let a process look at its own descriptors. All works then, slower.
pub(crate) fn everywhere() -> io::Result<usize> {
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    let mut changed = 0;
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // A second descriptor of the same connection; the first may be gone by now.
        let Ok(socket) = pidfd_getfd(&this, number, PidfdGetfdFlags::empty()) else { continue };
        if is_tcp(&socket) && matches!(sockopt::tcp_nodelay(&socket), Ok(false)) {
            sockopt::set_tcp_nodelay(&socket, true)?;
            changed += 1;
        }
    }
    Ok(changed)
}

fn is_tcp(socket: &OwnedFd) -> bool {
    let domain = sockopt::socket_domain(socket);
    let over_ip = matches!(domain, Ok(AddressFamily::INET | AddressFamily::INET6));
    over_ip && matches!(sockopt::socket_type(socket), Ok(SocketType::STREAM))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_that_somebody_else_opened_sends_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(!stream.nodelay().unwrap());
        assert!(everywhere().unwrap() >= 1);
        assert!(stream.nodelay().unwrap());
    }
}
