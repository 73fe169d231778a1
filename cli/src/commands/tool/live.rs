//! What a tool server gives now, asked from here as its file in the tree says.

use std::{path::Path, sync::Arc};

use config::{
    Tree,
    tree::{ToolServerFile, ToolTransport},
};
use serde_json::Value;
use tools::{Pin, PinnedServer, diff};

use super::Drift;
use crate::{args::Global, client, failure::Failure};

/// The definitions of a server's tools now.
pub(super) async fn ask(global: &Global, (name, tree): (&str, &Path)) -> Result<Pin, Failure> {
    let server = server(name, tree).await?;
    if server.transport == ToolTransport::Sandbox {
        // They are this program's own.
        let who = PinnedServer {
            name: "orchestack-sandbox".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };
        return pinned(name, who, &sandbox::definitions());
    }
    let settings = client::settings(global)?;
    let spec = gateway::tool_server_spec(&server, &settings.state.dir, None).map_err(|error| {
        Failure::Failed(format!("the tool server `{name}` cannot be asked: {error}"))
    })?;
    let connection = mcp::connect(&spec, Arc::new(())).await.map_err(Failure::of)?;
    let asked = async { Ok((connection.server().await?, connection.tools().await?)) };
    let asked: Result<_, mcp::Error> = asked.await;
    connection.close().await;
    let (who, tools) = asked.map_err(Failure::of)?;
    let who =
        PinnedServer { name: who.name.unwrap_or_else(|| name.to_owned()), version: who.version };
    pinned(name, who, &tools)
}

fn pinned(name: &str, who: PinnedServer, tools: &[Value]) -> Result<Pin, Failure> {
    Pin::new(who, tools).map_err(|error| {
        Failure::Failed(format!("the tools of `{name}` cannot be pinned: {error}"))
    })
}

/// What differs from the file of pins in the tree.
pub(in super::super) async fn drift(global: &Global, of: (&str, &Path)) -> Result<Drift, Failure> {
    let (name, tree) = of;
    let file = tree.join("tools").join(format!("{name}.json"));
    let before = match std::fs::read_to_string(&file) {
        Ok(text) => Pin::parse(&text).map(|pin| pin.tools).map_err(|error| {
            Failure::Failed(format!("`{}` cannot be read: {error}", file.display()))
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            return Err(Failure::Failed(format!("cannot read `{}`: {error}", file.display())));
        }
    };
    let now = ask(global, of).await?;
    Ok(Drift::of(name, &diff(&before, &now.tools)))
}

/// A server's file. What it is pinned to does not matter here: it may be what is to be replaced.
async fn server(name: &str, tree: &Path) -> Result<ToolServerFile, Failure> {
    let mut files = admin::tree::read_folder(tree.to_owned()).await?;
    let pins = format!("tools/{name}.json");
    files.retain(|path, _| path.starts_with("tools/") && *path != pins);
    let mut read = Tree::load("", &files)
        .map_err(|faults| Failure::Tree { commit: tree.display().to_string(), faults })?;
    read.tools.remove(name).ok_or_else(|| {
        let message = format!("`{}` has no tool server `{name}`", tree.display());
        Failure::usage(
            message,
            format!("write `tools/{name}.toml` first, or name the tree with --tree"),
        )
    })
}
