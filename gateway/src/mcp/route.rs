//! Where MCP clients connect: `/mcp` has the tools of all servers, `/mcp/{server}` those of one.

use types::SEPARATOR;

/// The path of all servers.
const ALL: &str = "/mcp";

/// One of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// All servers; each of their names is in front of those of its tools.
    All,
    /// One server, whose tools have their own names.
    One(String),
}

impl Route {
    /// The route of a path; `None` where it is another's.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(ALL)?;
        match rest.strip_prefix('/') {
            None if rest.is_empty() => Some(Self::All),
            None => None,
            Some("") => Some(Self::All),
            Some(server) => (!server.contains('/')).then(|| Self::One(server.to_owned())),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        match self {
            Self::All => ALL.to_owned(),
            Self::One(server) => format!("{ALL}/{server}"),
        }
    }

    /// What metrics call it: servers are not in their names.
    pub(super) const fn pattern(&self) -> &'static str {
        match self {
            Self::All => ALL,
            Self::One(_) => "/mcp/{server}",
        }
    }

    /// Whether a server is on it.
    pub(super) fn has(&self, server: &str) -> bool {
        match self {
            Self::All => true,
            Self::One(only) => only == server,
        }
    }

    /// The one server that it has, where it is one server's.
    pub(super) fn only(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::One(server) => Some(server),
        }
    }

    /// Whether it is one server's.
    pub(super) const fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// The name that something of a server has on this route.
    pub(super) fn name(&self, server: &str, name: &str) -> String {
        match self {
            Self::All => format!("{server}{SEPARATOR}{name}"),
            Self::One(_) => name.to_owned(),
        }
    }

    /// The server and its own name for what a client names; `None` where the name has no server.
    pub(super) fn split<'n>(&'n self, name: &'n str) -> Option<(&'n str, &'n str)> {
        match self {
            Self::All => name.split_once(SEPARATOR),
            Self::One(server) => Some((server, name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_all_servers_or_of_one() {
        let one = |server: &str| Some(Route::One(server.to_owned()));
        assert_eq!(Route::at("/mcp"), Some(Route::All));
        assert_eq!(Route::at("/mcp/"), Some(Route::All));
        assert_eq!(Route::at("/mcp/mail"), one("mail"));
        for other in ["/mcpx", "/mcp/mail/x", "/v1/mcp", "/"] {
            assert_eq!(Route::at(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_on_the_way_in_is_the_one_on_the_way_out() {
        let one = Route::One("mail".to_owned());
        for route in [Route::All, one] {
            let name = route.name("mail", "send__all");
            assert_eq!(route.split(&name), Some(("mail", "send__all")));
        }
        assert_eq!(Route::All.split("send"), None);
    }
}
