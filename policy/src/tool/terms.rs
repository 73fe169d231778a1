//! Decisions about tools in Cedar's terms.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entities, Entity, EntityUid, Request, RestrictedExpression as Value};
use types::{Integrity, Timestamp};

use super::{
    facts::{DestinationFacts, ProvenanceFacts, ToolCall, ToolFacts, ToolSession},
    vocabulary::{OwnAction, is_own},
};
use crate::{
    ask::Caller,
    mapper::{self, Names, Unmappable, count, instant, record, text, uid, whole_second},
    reads::Reads,
};

/// A request and the entities that it is about.
pub(crate) type Asked = (Request, Entities);

impl Names {
    /// A call of a tool, under the action of its own if it has one.
    pub(crate) fn tool_call(
        &self,
        call: &ToolCall<'_>,
        own: Option<&OwnAction>,
    ) -> Result<Asked, Unmappable> {
        let always = [
            ("label", text(call.label.as_str())),
            ("label_rank", Value::new_long(i64::from(call.label.rank()))),
            ("integrity", text(call.integrity.as_str())),
            ("kinds", texts(call.kinds)),
            ("budget", mapper::budget(call.budget, Reads::ALL)?),
            ("session", session(&call.session)?),
            ("provenance", provenance(&call.provenance)?),
            ("destination", destination(&call.destination)?),
            ("now", instant(whole_second(call.now))),
        ];
        let optional = [
            ("approval", call.approval.map(mapper::approval).transpose()?),
            ("tool", own.map(|own| record([("input", own.input.read(call.input)?)])).transpose()?),
            ("grant", call.caller.grant.as_deref().map(mapper::grant).transpose()?),
        ];
        let context = mapper::context(always, optional)?;
        let action = own.map_or(&self.call_tool, |own| &own.action).clone();
        self.asked(call.caller, action, &call.tool, context)
    }

    /// The listing of a tool.
    pub(crate) fn tool_listing(
        &self,
        caller: &Caller,
        tool: &ToolFacts<'_>,
        integrity: Integrity,
        now: Timestamp,
    ) -> Result<Asked, Unmappable> {
        let always = [("integrity", text(integrity.as_str())), ("now", instant(whole_second(now)))];
        let context = mapper::context(always, [])?;
        self.asked(caller, self.list_tool.clone(), tool, context)
    }

    fn asked(
        &self,
        caller: &Caller,
        action: EntityUid,
        tool: &ToolFacts<'_>,
        context: cedar_policy::Context,
    ) -> Result<Asked, Unmappable> {
        let mut entities = vec![self.caller_entity(caller)?, self.tool_entity(tool)?];
        if is_own(&action) {
            // Cedar knows by this entity that the action is a member of the general one.
            let general = HashSet::from([self.call_tool.clone()]);
            entities.push(Entity::new_no_attrs(action.clone(), general));
        }
        let entities = Entities::from_entities(entities, None).map_err(|_| Unmappable)?;
        let principal = self.agent(caller.agent_kind, &caller.agent_name);
        let request = Request::new(principal, action, self.tool(tool), context, None);
        Ok((request.map_err(|_| Unmappable)?, entities))
    }

    fn tool(&self, tool: &ToolFacts<'_>) -> EntityUid {
        uid(&self.tool, &tool.id())
    }

    fn tool_entity(&self, tool: &ToolFacts<'_>) -> Result<Entity, Unmappable> {
        let flag = Value::new_bool;
        let mut attributes = HashMap::from([
            ("name".to_owned(), text(tool.name)),
            ("server".to_owned(), text(tool.server)),
            ("effect".to_owned(), text(tool.effect.as_str())),
            ("replay".to_owned(), text(tool.replay.as_str())),
            ("pinned".to_owned(), flag(tool.pinned)),
            ("trusted".to_owned(), flag(tool.trusted)),
            ("function".to_owned(), flag(tool.function)),
        ]);
        let price = tool.price.map(|price| Value::new_long(price.0));
        attributes.extend(price.map(|price| ("price".to_owned(), price)));
        let parents = HashSet::from([uid(&self.tool_server, tool.server)]);
        Entity::new(self.tool(tool), attributes, parents).map_err(|_| Unmappable)
    }
}

fn session(facts: &ToolSession<'_>) -> Result<Value, Unmappable> {
    record([("calls", count(facts.calls)), ("sources", texts(facts.sources))])
}

fn provenance(facts: &ProvenanceFacts<'_>) -> Result<Value, Unmappable> {
    record([
        ("trusted", texts(facts.trusted)),
        ("untrusted", texts(facts.untrusted)),
        ("unmatched", texts(facts.unmatched)),
    ])
}

fn destination(facts: &DestinationFacts<'_>) -> Result<Value, Unmappable> {
    record([
        ("given", Value::new_bool(facts.given)),
        ("hosts", texts(facts.hosts)),
        ("private", Value::new_bool(facts.private)),
        ("named_by_user", Value::new_bool(facts.named_by_user)),
    ])
}

fn texts(all: &[&str]) -> Value {
    Value::new_set(all.iter().map(|one| text(one)))
}
