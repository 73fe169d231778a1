//! Connections to tool servers.
