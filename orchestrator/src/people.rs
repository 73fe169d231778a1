//! The people behind tasks, as policies know them.

use policy::Person;
use store::Store;
use types::TenantId;

use crate::Error;

/// A person of a tenant with the groups of all their tokens; none where nobody has that name any more.
pub(crate) async fn person(
    store: &Store,
    tenant: TenantId,
    name: &str,
) -> Result<Option<Person>, Error> {
    let tokens = store.admin_tokens().load_all().await?;
    let own = tokens.into_iter().filter(|token| token.tenant == tenant && token.name == name);
    let mut found: Option<Person> = None;
    for token in own {
        let person =
            found.get_or_insert_with(|| Person { name: token.name.clone(), groups: Vec::new() });
        person.groups.extend(token.groups);
    }
    if let Some(person) = &mut found {
        person.groups.sort();
        person.groups.dedup();
    }
    Ok(found)
}
