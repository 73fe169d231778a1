//! The first start: a starter tree, a tenant, an agent with a key, an admin token.

use policy::{
    AgentKind,
    starter::{DEFAULT_AGENT, agent_file, agent_starter},
};
use serde_json::json;
use snapshot::{git::Repository, keys::Pepper};
use store::{
    First, FirstStart, Store, admin_tokens::AdminToken, agents::Agent, keys::Key, tenants::Tenant,
};
use types::{
    Actor, ActorType, AgentId, AuditId, KeyId, Secret, TenantId, Timestamp,
    audit::{Kind, Record},
};

use crate::{control::ADMINISTRATORS, error::Error};

/// What the first start made, to be shown once.
pub struct Made {
    /// The key of agent `default`.
    pub key: Secret,
    /// The operator's admin token.
    pub token: Secret,
}

/// Every file of the starter tree, by path.
pub fn files() -> Vec<(String, String)> {
    let fixed = config::starter::FILES.iter().chain(policy::starter::STARTER);
    let fixed = fixed.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let name = DEFAULT_AGENT;
    fixed.chain([(agent_file(name), agent_starter(name))]).collect()
}

/// Makes the tree where there is none. Says whether it did. A tree that follows a remote is made of
/// what the remote has, and never of the starter: nobody's policies are not what was asked for.
///
/// # Errors
/// [`Error::Git`]; [`Error::Invalid`] where the folder holds files and is no git tree.
pub async fn tree(repository: &Repository) -> Result<bool, Error> {
    if repository.remote().is_some() || repository.exists().await {
        return Ok(false);
    }
    let name = repository.dir().display().to_string();
    let holds = std::fs::read_dir(repository.dir()).is_ok_and(|mut found| found.next().is_some());
    if holds {
        let message = format!("`{name}` holds files and is not a git tree with a commit");
        let fix = "commit them there (`git init`, `git add .`, `git commit`), or set `policy.tree` \
                   to another folder";
        return Err(Error::invalid(message, fix));
    }
    let files = files();
    let files: Vec<_> =
        files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    repository.init(&files, "start with Orchestack's starter tree").await?;
    Ok(true)
}

/// Makes the first rows where the store has none.
///
/// # Errors
/// [`Error::Store`] or [`Error::Randomness`].
pub async fn rows(store: &Store, pepper: &Pepper) -> Result<Option<Made>, Error> {
    let (tenant, agent, key) = (TenantId::generate(), AgentId::generate(), KeyId::generate());
    let (first_key, token) = (pepper.mint_key(key)?, pepper.mint_token()?);
    let now = Timestamp::now();
    let first = First {
        tenant: Tenant { id: tenant, name: "default".to_owned(), created_at: now },
        agent: Agent {
            id: agent,
            tenant,
            name: DEFAULT_AGENT.to_owned(),
            kind: AgentKind::User,
            groups: Vec::new(),
            owner: "operator".to_owned(),
            created_at: now,
            disabled_at: None,
        },
        key: Key {
            id: key,
            agent,
            tenant,
            hash: first_key.hash,
            created_at: now,
            expires_at: None,
            revoked_at: None,
            rotated_from: None,
        },
        token: AdminToken {
            // An id of its own: the token's text has none, and a record must name it.
            id: key.to_string().replacen("key_", "tok_", 1),
            tenant,
            name: "admin".to_owned(),
            groups: vec![ADMINISTRATORS.to_owned()],
            hash: token.hash,
            created_at: now,
            expires_at: None,
        },
    };
    let record = Record {
        id: AuditId::generate(),
        at: now,
        tenant,
        kind: Kind::System,
        request: None,
        actor: Actor {
            kind: ActorType::System,
            id: "first-start".to_owned(),
            auth: "self".to_owned(),
        },
        action: "first_start".to_owned(),
        resource: "default".to_owned(),
        outcome: "ok".to_owned(),
        commit: String::new(),
        detail: json!({ "agent": DEFAULT_AGENT, "key": key.to_string() }).into(),
    };
    Ok(match store.first_start(&first, &record).await? {
        FirstStart::Made => Some(Made { key: first_key.text, token: token.text }),
        FirstStart::Already => None,
    })
}
