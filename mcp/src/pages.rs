//! Lists of a server, page by page.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Map, Value};

use crate::{
    Error, Spec,
    link::Link,
    request::{Question, ask},
    spec::{LIST_ITEMS_MAX, LIST_PAGES_MAX},
};

/// All items of a list, which the server calls `key` in each page.
pub(crate) async fn all(
    spec: &Spec,
    link: &Link,
    method: &'static str,
    key: &str,
) -> Result<Vec<Value>, Error> {
    let broken = |why| Error::Protocol { server: spec.name.clone(), why };
    let mut items = Vec::new();
    let mut cursors = HashSet::new();
    let mut params = Map::new();
    for _ in 0..LIST_PAGES_MAX {
        let bytes_max = spec.limits.message_bytes_max();
        let (meta, caller) = (Map::new(), Arc::new(()));
        let question = Question { method, params, meta, caller, withdrawal: None, bytes_max };
        let Value::Object(mut page) = ask(spec, link, question).await? else {
            return Err(broken("a page of a list is no object"));
        };
        match page.remove(key) {
            Some(Value::Array(more)) => items.extend(more),
            _ => return Err(broken("a page of a list has no list")),
        }
        if items.len() > LIST_ITEMS_MAX {
            return Err(broken("a list has too many items"));
        }
        match page.remove("nextCursor") {
            // Some servers mark the last page with an empty cursor.
            Some(Value::String(cursor)) if !cursor.is_empty() => {
                if !cursors.insert(cursor.clone()) {
                    return Err(broken("a list goes round in circles"));
                }
                params = Map::from_iter([("cursor".to_owned(), Value::String(cursor))]);
            }
            _ => return Ok(items),
        }
    }
    Err(broken("a list has too many pages"))
}
