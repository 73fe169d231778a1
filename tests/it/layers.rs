//! Who of ours may use whom, and what may not be used at all: the table of ARCHITECTURE.md and the
//! bans of deny.toml, held against what cargo resolved.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

/// The crates without I/O, as ARCHITECTURE.md lists them, and the values that they speak in.
const PURE: [&str; 7] = ["types", "policy", "dlp", "router", "providers", "budget", "tools"];

fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    folder.canonicalize().expect("the folder above the tests")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect("a file of the repository")
}

/// What cargo resolves for this platform, without asking the network.
fn metadata() -> Value {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints json")
}

/// The packages that were resolved and what each uses, by name; our own by folder.
struct Graph {
    /// Name and version of everything.
    packages: BTreeSet<(String, String)>,
    /// Who uses what, by package names.
    uses: BTreeSet<(String, String)>,
    /// The top folder of each package of ours.
    folders: BTreeMap<String, String>,
}

impl Graph {
    fn read(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let list = |value: &Value| value.as_array().expect("a list").clone();
        let root = text(&metadata["workspace_root"]);
        let members: BTreeSet<String> =
            list(&metadata["workspace_members"]).iter().map(text).collect();
        let (mut names, mut packages, mut folders) =
            (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for package in list(&metadata["packages"]) {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            packages.insert((name.clone(), text(&package["version"])));
            if members.contains(&id) {
                let manifest = text(&package["manifest_path"]);
                let below = manifest.strip_prefix(&root).expect("a member is in the workspace");
                let folder = below.trim_start_matches('/').split('/').next().unwrap_or_default();
                folders.insert(name.clone(), folder.to_owned());
            }
            names.insert(id, name);
        }
        let mut uses = BTreeSet::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            for used in list(&node["deps"]) {
                uses.insert((
                    names[&text(&node["id"])].clone(),
                    names[&text(&used["pkg"])].clone(),
                ));
            }
        }
        Self { packages, uses, folders }
    }

    /// Every use among our own that the table does not allow.
    fn against_the_table(&self, table: &BTreeMap<String, Allowed>) -> Vec<String> {
        let mut faults = Vec::new();
        for (user, used) in &self.uses {
            let (Some(from), Some(to)) = (self.folders.get(user), self.folders.get(used)) else {
                continue;
            };
            match table.get(from) {
                None => faults.push(format!("`{from}/` is not in the table of ARCHITECTURE.md")),
                Some(Allowed::Anything) => {}
                Some(Allowed::Only(folders)) if folders.contains(to) || from == to => {}
                Some(Allowed::Only(_)) => {
                    faults.push(format!("`{from}/` may not use `{to}/`: see ARCHITECTURE.md"));
                }
            }
        }
        faults
    }

    /// Every package that is banned, and every use of one that only some may use.
    fn against_the_bans(&self, bans: &[Ban]) -> Vec<String> {
        let mut faults = Vec::new();
        for ban in bans {
            let there =
                |(name, version): &&(String, String)| *name == ban.name && ban.fits(version);
            let Some((_, version)) = self.packages.iter().find(there) else { continue };
            let Some(wrappers) = &ban.wrappers else {
                faults.push(format!("{} {version} is banned: {}", ban.name, ban.reason));
                continue;
            };
            for (user, _) in self.uses.iter().filter(|(_, used)| *used == ban.name) {
                if !wrappers.contains(user) {
                    faults.push(format!("{user} may not use {}: {}", ban.name, ban.reason));
                }
            }
        }
        faults
    }
}

/// What a folder may use.
enum Allowed {
    Anything,
    Only(BTreeSet<String>),
}

/// The column "may use" of ARCHITECTURE.md, by folder.
fn table() -> BTreeMap<String, Allowed> {
    let text = read("ARCHITECTURE.md");
    let lines = text.lines().skip_while(|line| !line.starts_with("| folder |")).skip(2);
    let (mut table, mut above) = (BTreeMap::new(), BTreeSet::new());
    for line in lines.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let folder = cells[0].trim_matches(['`', '/']).to_owned();
        let words = |text: &str| text.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
        let allowed = match *cells.last().expect("a row has cells") {
            "anything" | "everything" => Allowed::Anything,
            "nothing of ours" | "" => Allowed::Only(BTreeSet::new()),
            "all above" => Allowed::Only(above.clone()),
            cell if cell.starts_with("all above but ") => {
                let not = words(cell.trim_start_matches("all above but "));
                Allowed::Only(&above - &not)
            }
            cell => {
                let mut named = words(cell);
                if named.remove("the pure crates") {
                    named.extend(PURE.map(str::to_owned));
                }
                let unknown: Vec<_> = named.difference(&above).collect();
                assert!(unknown.is_empty(), "`{folder}/` may use {unknown:?}, which are not above");
                Allowed::Only(named)
            }
        };
        table.insert(folder.clone(), allowed);
        above.insert(folder);
    }
    assert!(table.len() > 10, "the table of ARCHITECTURE.md is not where it was");
    table
}

/// An entry of deny.toml: `name`, or `name:<major.minor` for versions below one.
struct Ban {
    name: String,
    below: Option<(u64, u64)>,
    /// Who may use it all the same; nobody may where absent.
    wrappers: Option<BTreeSet<String>>,
    reason: String,
}

impl Ban {
    fn read(entry: &toml::Value) -> Self {
        let text = |value: &toml::Value| value.as_str().expect("a text").to_owned();
        let named = text(&entry["crate"]);
        let (name, below) = match named.split_once(":<") {
            Some((name, below)) => (name.to_owned(), Some(numbers(below))),
            None => (named, None),
        };
        let wrappers = entry.get("wrappers").and_then(toml::Value::as_array);
        let wrappers = wrappers.map(|wrappers| wrappers.iter().map(text).collect());
        Self { name, below, wrappers, reason: text(&entry["reason"]) }
    }

    fn fits(&self, version: &str) -> bool {
        self.below.is_none_or(|below| numbers(version) < below)
    }
}

fn numbers(version: &str) -> (u64, u64) {
    let mut numbers = version.split('.').map(|part| part.parse().expect("a number"));
    (numbers.next().expect("a major version"), numbers.next().expect("a minor version"))
}

fn bans() -> Vec<Ban> {
    let deny: toml::Table = toml::from_str(&read("deny.toml")).expect("deny.toml is toml");
    let entries = deny["bans"]["deny"].as_array().expect("bans");
    entries.iter().map(Ban::read).collect()
}

fn faults(metadata: &Value) -> Vec<String> {
    let graph = Graph::read(metadata);
    let mut faults = graph.against_the_table(&table());
    faults.extend(graph.against_the_bans(&bans()));
    faults
}

#[test]
fn dependencies_are_those_that_the_architecture_allows() {
    assert_eq!(faults(&metadata()), Vec::<String>::new());
}

#[test]
fn a_dependency_that_the_architecture_does_not_allow_is_told() {
    let mut doctored = metadata();
    let packages = doctored["packages"].as_array_mut().unwrap();
    let id_of = |name: &str| {
        let package = packages.iter().find(|package| package["name"] == json!(name)).unwrap();
        package["id"].clone()
    };
    let edges = [
        ("orchestack-dlp", "orchestack-store"),
        ("orchestack-admin", "orchestack-gateway"),
        ("orchestack-gateway", "sqlx"),
        ("orchestack-gateway", "reqwest"),
    ];
    let edges = edges.map(|(user, used)| (id_of(user), id_of(used)));
    for (name, version) in [("aws-lc-rs", "1.0.0"), ("native-tls", "0.2.0"), ("reqwest", "0.12.9")]
    {
        let id = format!("{name} {version}");
        packages.push(json!({ "id": id, "name": name, "version": version }));
    }
    for node in doctored["resolve"]["nodes"].as_array_mut().unwrap() {
        let id = node["id"].clone();
        for (_, used) in edges.iter().filter(|(user, _)| *user == id) {
            node["deps"].as_array_mut().unwrap().push(json!({ "pkg": used }));
        }
    }
    let faults = faults(&doctored);
    for expected in [
        "`dlp/` may not use `store/`",
        "`admin/` may not use `gateway/`",
        "orchestack-gateway may not use sqlx",
        "orchestack-gateway may not use reqwest",
        "aws-lc-rs 1.0.0 is banned",
        "native-tls 0.2.0 is banned",
        "reqwest 0.12.9 is banned",
    ] {
        assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{expected}: {faults:#?}");
    }
}
