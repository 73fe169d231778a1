//! A git tree of policies, agents, providers and models.

use std::path::{Path, PathBuf};
use std::process::Command;

use simulator::Simulator;

use crate::binary;

/// The organisation's policies of most tests: every agent may ask for models, and restricted
/// content goes to local ones.
const POLICIES: &str = r#"@id("agents-call-models")
permit (
  principal in Orchestack::Tenant::"default",
  action == Orchestack::Action::"callModel",
  resource
);

@id("restricted-stays-local")
@reroute("local")
forbid (
  principal,
  action == Orchestack::Action::"callModel",
  resource
)
when { context.label_rank >= 3 && resource.locality != "local" };

@id("infra-admins-administer")
permit (
  principal in Orchestack::Group::"infra-admin",
  action == Orchestack::Action::"administer",
  resource
);
"#;

/// Every agent may call tools, those that it runs itself among them.
const TOOLS: &str = r#"@id("agents-call-tools")
permit (
  principal in Orchestack::Tenant::"default",
  action in [Orchestack::Action::"callTool", Orchestack::Action::"listTool"],
  resource
);
"#;

/// A working tree under git.
#[derive(Clone, Debug)]
pub struct Tree {
    folder: PathBuf,
}

/// A model to register.
#[derive(Clone, Copy, Debug)]
pub struct ModelSpec<'a> {
    /// Its registered id, and its name at the provider.
    pub id: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// Dollars for a million input and output tokens; `None` is free.
    pub price: Option<(&'a str, &'a str)>,
}

impl Tree {
    /// An empty repository in a new folder.
    ///
    /// # Panics
    /// When the folder or the repository cannot be made.
    pub fn empty(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("the tree's folder");
        let tree = Self { folder: folder.to_owned() };
        tree.git(&["init", "--quiet", "--initial-branch=main"]);
        tree
    }

    /// A repository with the policies of most tests, the agent `default` and nothing to call.
    /// It is not committed yet.
    pub fn with_policies(folder: &Path) -> Self {
        let tree = Self::empty(folder);
        tree.write("policies/models.cedar", POLICIES).write("policies/tools.cedar", TOOLS);
        tree.agent("default", "100.00");
        tree
    }

    /// Puts the starter's policies, decision cases and invariants there, and its agent `default`, as
    /// `orchestack init` writes them.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn starter(&self) -> &Self {
        let folders = ["policies", "agents", "tests", "invariants"];
        for folder in folders {
            let _ = std::fs::remove_dir_all(self.folder.join(folder));
        }
        self.copy_of_starter(&folders)
    }

    /// Puts the starter's sandboxes there: their profiles, and the server of their tools with its pins; and what agents
    /// call beside servers.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn sandboxes(&self) -> &Self {
        self.copy_of_starter(&[
            "sandboxes",
            "tools/agents.toml",
            "tools/sandbox.toml",
            "tools/sandbox.json",
        ])
    }

    /// Puts parts of the starter there, as `orchestack init` writes them.
    fn copy_of_starter(&self, parts: &[&str]) -> &Self {
        let made = tempfile::tempdir().expect("a temporary folder");
        let mut init = Command::new(binary("orchestack"));
        let output = init.args(["init", "site"]).current_dir(made.path()).output();
        assert!(output.is_ok_and(|output| output.status.success()), "`orchestack init` works");
        let mut copy = Command::new("cp");
        copy.args(["-r", "--parents"]).args(parts).arg(&self.folder);
        copy.current_dir(made.path().join("site/tree"));
        assert!(copy.status().is_ok_and(|status| status.success()), "the starter can be copied");
        self
    }

    /// Makes the files those of a commit again. What is not committed is lost.
    ///
    /// # Panics
    /// When git refuses.
    pub fn restore(&self, commit: &str) -> &Self {
        self.git(&["read-tree", "-u", "--reset", commit]);
        self
    }

    /// Sets the branch that runs, and the files, to another commit.
    ///
    /// # Panics
    /// When git refuses.
    pub fn go(&self, commit: &str) -> &Self {
        self.git(&["reset", "--quiet", "--hard", commit]);
        self
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file, and the folders above it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("its folder");
        std::fs::write(&path, text).expect("a file of the tree");
        self
    }

    /// Removes a file.
    ///
    /// # Panics
    /// When it is not there.
    pub fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.folder.join(path)).expect("a file to remove");
        self
    }

    /// An agent that may call every model, with a total cap in dollars.
    pub fn agent(&self, name: &str, total: &str) -> &Self {
        let settings = format!("owner = \"tests\"\n\n[budget]\ntotal = \"{total}\"\n");
        let policy = format!(
            "@id(\"{name}-calls-models\")\npermit (\n  principal,\n  \
             action == Orchestack::Action::\"callModel\",\n  resource\n);\n"
        );
        let tools = format!(
            "@id(\"{name}-calls-tools\")\npermit (\n  principal,\n  \
             action in [Orchestack::Action::\"callTool\", Orchestack::Action::\"listTool\"],\n  \
             resource\n);\n"
        );
        self.write(&format!("agents/{name}/agent.toml"), &settings)
            .write(&format!("agents/{name}/models.cedar"), &policy)
            .write(&format!("agents/{name}/tools.cedar"), &tools)
    }

    /// A simulator as an OpenAI-compatible provider; `locality` is `local` or `cloud`.
    pub fn openai_provider(&self, name: &str, simulator: &Simulator, locality: &str) -> &Self {
        let url = format!("{}/v1", simulator.base_url());
        self.provider(name, "openai", &url, locality)
    }

    /// A simulator as a provider in Anthropic's dialect. Its key is the server's variable
    /// `SIMULATOR_KEY`, which [`crate::Setup`] sets.
    pub fn anthropic_provider(&self, name: &str, simulator: &Simulator, locality: &str) -> &Self {
        self.provider(name, "anthropic", &simulator.base_url(), locality)
    }

    fn provider(&self, name: &str, kind: &str, base_url: &str, locality: &str) -> &Self {
        let text = format!(
            "[[provider]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"{base_url}\"\n\
             locality = \"{locality}\"\nsecret = \"env:SIMULATOR_KEY\"\n"
        );
        self.write(&format!("providers/{name}.toml"), &text)
    }

    /// A model with every capability.
    pub fn model(&self, model: ModelSpec<'_>) -> &Self {
        self.model_with(model, "")
    }

    /// As [`Tree::model`] with more lines of its file, such as `fallbacks = ["other"]`.
    pub fn model_with(&self, model: ModelSpec<'_>, more: &str) -> &Self {
        let ModelSpec { id, provider, price } = model;
        let price = match price {
            Some((input, output)) => {
                format!("price.input = \"{input}\"\nprice.output = \"{output}\"\n")
            }
            None => "free = true\n".to_owned(),
        };
        let text = format!(
            "[[model]]\nid = \"{id}\"\nprovider = \"{provider}\"\ncontext_tokens = 128000\n\
             max_output_tokens = 4096\n\
             capabilities = [\"tools\", \"json_schema\", \"images\", \"streaming\"]\n{price}{more}\n"
        );
        self.write(&format!("models/{id}.toml"), &text)
    }

    /// A model for embeddings, by its name at the provider; free, or at dollars per million tokens.
    pub fn embed_model(
        &self,
        id: &str,
        provider: &str,
        upstream: &str,
        price: Option<&str>,
    ) -> &Self {
        let price =
            price.map_or("free = true".to_owned(), |input| format!("price.input = \"{input}\""));
        let text = format!(
            "[[model]]\nid = \"{id}\"\nprovider = \"{provider}\"\nupstream = \"{upstream}\"\n\
             context_tokens = 8192\ncapabilities = [\"embeddings\"]\n{price}\n"
        );
        self.write(&format!("models/{id}.toml"), &text)
    }

    /// Commits everything and gives the commit's hash.
    ///
    /// # Panics
    /// When git refuses.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs git in the tree, without anybody's own configuration.
    fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(&self.folder)
            .args(["-c", "user.name=tests", "-c", "user.email=tests@example.com"])
            .args(words)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git is installed; scripts/setup.sh sees to it");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
