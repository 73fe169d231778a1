//! A request that breaks a claim, in a form to read and a form to evaluate.

use std::fmt;

use cedar_policy::{Context, Entities, EntityTypeName, EntityUid, Request};
use serde_json::{Value, json};

/// A request that breaks a claim. Cedar has evaluated it before anybody sees it.
#[derive(Debug, Clone)]
pub struct Example {
    /// The action of the request.
    pub action: EntityUid,
    /// The type of its principal.
    pub principal_type: EntityTypeName,
    /// The type of its resource.
    pub resource_type: EntityTypeName,
    /// The request for people and for storage: `principal`, `action` and `resource` as Cedar text,
    /// `context`, and under `entities` every entity that has an attribute, a tag or a parent, both
    /// in Cedar's JSON. [`Example::from_json`] reads it back.
    pub request: Value,
    /// The same for Cedar's authorizer.
    pub concrete: (Request, Entities),
}

/// Text that is no example.
#[derive(Debug, thiserror::Error)]
#[error("its {part} is wrong: {why}")]
pub struct Unreadable {
    part: &'static str,
    why: String,
}

impl Example {
    /// Reads the form for people back.
    ///
    /// # Errors
    /// What of it cannot be read.
    pub fn from_json(request: Value) -> Result<Self, Unreadable> {
        let principal = uid(&request, "principal")?;
        let action = uid(&request, "action")?;
        let resource = uid(&request, "resource")?;
        let context = Context::from_json_value(part(&request, "context")?.clone(), None)
            .map_err(wrong("context"))?;
        let entities = Entities::from_json_value(part(&request, "entities")?.clone(), None)
            .map_err(wrong("entities"))?;
        let (principal_type, resource_type) =
            (principal.type_name().clone(), resource.type_name().clone());
        let concrete = Request::new(principal, action.clone(), resource, context, None)
            .map_err(wrong("request"))?;
        Ok(Self { action, principal_type, resource_type, request, concrete: (concrete, entities) })
    }

    /// The example of what the solver found, if `breaks` says that it is one. What is returned was
    /// read back from its own text, so the text is known to say everything.
    pub(crate) fn confirmed(
        found: (&Request, &Entities),
        breaks: impl Fn(&Request, &Entities) -> bool,
    ) -> Result<Self, Unreadable> {
        let whole = Self::from_json(written(found.0, found.1)?)?;
        if !whole.is_confirmed(&breaks) {
            return Err(wrong("request")("it does not break the claim"));
        }
        let short = Self::from_json(shortened(whole.request.clone(), &whole.action))?;
        Ok(if short.is_confirmed(&breaks) { short } else { whole })
    }

    pub(crate) fn is_confirmed(&self, breaks: impl Fn(&Request, &Entities) -> bool) -> bool {
        breaks(&self.concrete.0, &self.concrete.1)
    }
}

fn written(request: &Request, entities: &Entities) -> Result<Value, Unreadable> {
    let context = request.context().map(Context::to_json_value).transpose();
    let name = |uid: Option<&EntityUid>| uid.map(ToString::to_string);
    Ok(json!({
        "principal": name(request.principal()),
        "action": name(request.action()),
        "resource": name(request.resource()),
        "context": context.map_err(wrong("context"))?,
        "entities": entities.to_json_value().map_err(wrong("entities"))?,
    }))
}

/// Without the entities that no policy can tell from absent ones, and without the actions of other
/// requests, which the solver brings along.
fn shortened(mut request: Value, action: &EntityUid) -> Value {
    let kept = |entity: &Value| {
        let named = entity.get("uid").and_then(|uid| EntityUid::from_json(uid.clone()).ok());
        let other =
            named.is_some_and(|uid| uid.type_name() == action.type_name() && uid != *action);
        !other && !["attrs", "tags", "parents"].iter().all(|key| bare(entity, key))
    };
    if let Some(entities) = request.get_mut("entities").and_then(Value::as_array_mut) {
        entities.retain(kept);
    }
    request
}

fn bare(entity: &Value, key: &str) -> bool {
    match entity.get(key) {
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        _ => true,
    }
}

fn part<'a>(request: &'a Value, name: &'static str) -> Result<&'a Value, Unreadable> {
    request.get(name).ok_or_else(|| wrong(name)("it is missing"))
}

fn uid(request: &Value, name: &'static str) -> Result<EntityUid, Unreadable> {
    let text = part(request, name)?.as_str().ok_or_else(|| wrong(name)("it is no text"))?;
    text.parse().map_err(wrong(name))
}

fn wrong<E: ToString>(part: &'static str) -> impl Fn(E) -> Unreadable {
    move |error| Unreadable { part, why: error.to_string() }
}

/// One line each for principal, action, resource and context, and one for every other entity.
impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (request, entities) = &self.concrete;
        let named = [request.principal(), request.action(), request.resource()];
        for (role, uid) in ["principal", "action", "resource"].iter().zip(named) {
            let Some(uid) = uid else { continue };
            write!(f, "{role} {uid}")?;
            self.about(uid, f)?;
            writeln!(f)?;
        }
        write!(f, "context {}", self.request.get("context").unwrap_or(&Value::Null))?;
        let mut others: Vec<EntityUid> = entities.iter().map(cedar_policy::Entity::uid).collect();
        others.retain(|uid| !named.contains(&Some(uid)));
        others.sort();
        for uid in &others {
            write!(f, "\nwith {uid}")?;
            self.about(uid, f)?;
        }
        Ok(())
    }
}

impl Example {
    /// The parents and attributes of one entity.
    fn about(&self, uid: &EntityUid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entities = &self.concrete.1;
        let mut parents: Vec<&EntityUid> = entities.ancestors(uid).into_iter().flatten().collect();
        parents.sort();
        for (parent, word) in parents.iter().zip(["in"].iter().chain(std::iter::repeat(&"and"))) {
            write!(f, " {word} {parent}")?;
        }
        let entity = entities.get(uid).and_then(|entity| entity.to_json_value().ok());
        for key in ["attrs", "tags"] {
            let part = entity.as_ref().filter(|entity| !bare(entity, key));
            if let Some(part) = part.and_then(|entity| entity.get(key)) {
                write!(f, " {part}")?;
            }
        }
        Ok(())
    }
}
