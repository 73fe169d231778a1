//! The parts of a schema, what each applies where, and what that costs for a value of each depth.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::SchemaError;
use crate::{json::DEPTH_MAX, percent, shown::shown};

/// How many parts a schema may have.
const PARTS_MAX: usize = 10_000;

/// Keywords whose schemas look at the same value.
const SAME: [&str; 10] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
    "$ref",
];

/// Keywords of which one schema at most looks at each value below.
const ONE_BELOW: [&str; 2] = ["properties", "prefixItems"];

/// Keywords whose schemas may each look at each value below.
const EACH_BELOW: [&str; 9] = [
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "contentSchema",
];

/// Keywords that hold schemas for others to refer to.
const HELD: [&str; 2] = ["$defs", "definitions"];

/// Keywords that refer to what cannot be told without evaluating, or to what need not be here.
const REFUSED: [&str; 4] = ["$dynamicRef", "$recursiveRef", "$id", "id"];

/// What one check costs at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Evaluations for each value.
    pub(super) work: u64,
    /// How many parts wait for each other.
    pub(super) chain: u64,
}

impl Cost {
    pub(super) const MAX: Self = Self { work: u64::MAX, chain: u64::MAX };
    const NONE: Self = Self { work: 0, chain: 0 };

    /// Both of them.
    fn and(self, other: Self) -> Self {
        let work = self.work.saturating_add(other.work);
        Self { work, chain: self.chain.max(other.chain) }
    }

    /// The worse of them.
    fn or(self, other: Self) -> Self {
        Self { work: self.work.max(other.work), chain: self.chain.max(other.chain) }
    }
}

/// The parts of a schema. The first is the whole.
pub(super) struct Shape<'s> {
    root: &'s Value,
    parts: Vec<Part>,
    by_place: BTreeMap<String, usize>,
    names: BTreeSet<String>,
}

#[derive(Default)]
struct Part {
    place: String,
    /// What it costs apart from its own parts.
    own: u64,
    /// How often what looks at the same value is looked at.
    times: u64,
    same: Vec<usize>,
    one_below: Vec<usize>,
    each_below: Vec<usize>,
}

impl<'s> Shape<'s> {
    /// Reads a schema that is within the bounds of JSON.
    ///
    /// # Errors
    /// A reference leads elsewhere, or there are too many parts.
    pub(super) fn of(root: &'s Value) -> Result<Self, SchemaError> {
        let (by_place, names) = (BTreeMap::new(), BTreeSet::new());
        let mut shape = Self { root, parts: Vec::new(), by_place, names };
        shape.part(String::new())?;
        let mut next = 0;
        while next < shape.parts.len() {
            shape.read(next)?;
            next += 1;
        }
        Ok(shape)
    }

    /// The names that it gives to properties.
    pub(super) fn names(self) -> BTreeSet<String> {
        self.names
    }

    /// What a check costs for a value of each depth, from 0.
    ///
    /// # Errors
    /// A part is checked by checking itself.
    pub(super) fn costs(&self) -> Result<Vec<Cost>, SchemaError> {
        let order = self.order()?;
        let mut below = vec![Cost::NONE; self.parts.len()];
        let mut costs = vec![Cost::NONE];
        for _ in 1..=DEPTH_MAX {
            let mut here = vec![Cost::NONE; self.parts.len()];
            for &number in &order {
                let Some(part) = self.parts.get(number) else { continue };
                let cost = part.cost(&here, &below);
                if let Some(place) = here.get_mut(number) {
                    *place = cost;
                }
            }
            costs.push(here.first().copied().unwrap_or(Cost::MAX));
            below = here;
        }
        Ok(costs)
    }

    /// The parts, each after those that look at the same value for it.
    fn order(&self) -> Result<Vec<usize>, SchemaError> {
        let mut users = vec![Vec::new(); self.parts.len()];
        let mut waits: Vec<usize> = self.parts.iter().map(|part| part.same.len()).collect();
        for (number, part) in self.parts.iter().enumerate() {
            for &used in &part.same {
                if let Some(users) = users.get_mut(used) {
                    users.push(number);
                }
            }
        }
        let mut order: Vec<usize> =
            waits.iter().enumerate().filter(|(_, left)| **left == 0).map(|(at, _)| at).collect();
        let mut next = 0;
        while let Some(&number) = order.get(next) {
            for &user in users.get(number).into_iter().flatten() {
                if let Some(left) = waits.get_mut(user) {
                    *left -= 1;
                    if *left == 0 {
                        order.push(user);
                    }
                }
            }
            next += 1;
        }
        let stuck = waits.iter().position(|left| *left > 0).and_then(|at| self.parts.get(at));
        stuck.map_or(Ok(order), |part| Err(SchemaError::Circle(shown(&part.place, 200))))
    }

    /// The part at this place, which is read later if it is new.
    fn part(&mut self, place: String) -> Result<usize, SchemaError> {
        if let Some(known) = self.by_place.get(&place) {
            return Ok(*known);
        }
        let number = self.parts.len();
        if number == PARTS_MAX {
            return Err(SchemaError::Parts(PARTS_MAX));
        }
        self.by_place.insert(place.clone(), number);
        self.parts.push(Part { place, own: 1, times: 1, ..Part::default() });
        Ok(number)
    }

    /// Reads the keywords of one part.
    fn read(&mut self, number: usize) -> Result<(), SchemaError> {
        let Some(place) = self.parts.get(number).map(|part| part.place.clone()) else {
            return Ok(());
        };
        let root = self.root;
        let Some(Value::Object(keywords)) = root.pointer(&place) else { return Ok(()) };
        let mut part =
            Part { place, own: own(keywords), times: times(keywords), ..Part::default() };
        for (keyword, value) in keywords {
            let keyword = keyword.as_str();
            // An `$id` of the whole changes nothing for references within it.
            let is_name_of_whole = part.place.is_empty() && keyword.ends_with("id");
            if REFUSED.contains(&keyword) && value.is_string() && !is_name_of_whole {
                return Err(refused(&part.place, keyword));
            }
            if keyword == "properties" {
                self.names.extend(value.as_object().into_iter().flat_map(Map::keys).cloned());
            }
            if keyword == "$ref" {
                let target = self.target(value).ok_or_else(|| refused(&part.place, keyword))?;
                part.same.push(self.part(target)?);
            } else if SAME.contains(&keyword) {
                part.same.extend(self.below(&part.place, keyword, value)?);
            } else if ONE_BELOW.contains(&keyword) {
                part.one_below.extend(self.below(&part.place, keyword, value)?);
            } else if EACH_BELOW.contains(&keyword) {
                part.each_below.extend(self.below(&part.place, keyword, value)?);
            } else if HELD.contains(&keyword) {
                self.below(&part.place, keyword, value)?;
            }
        }
        if let Some(place) = self.parts.get_mut(number) {
            *place = part;
        }
        Ok(())
    }

    /// The schemas of a keyword, which is one, a list of them, or has them by name.
    fn below(
        &mut self,
        place: &str,
        keyword: &str,
        value: &Value,
    ) -> Result<Vec<usize>, SchemaError> {
        let by_name = ["properties", "patternProperties", "dependentSchemas", "dependencies"];
        let place = format!("{place}/{keyword}");
        match value {
            Value::Array(items) => {
                (0..items.len()).map(|index| self.part(format!("{place}/{index}"))).collect()
            }
            Value::Object(fields) if by_name.contains(&keyword) || HELD.contains(&keyword) => {
                // In `dependencies` a list is no schema but names.
                let schemas = fields.iter().filter(|(_, schema)| !schema.is_array());
                schemas.map(|(name, _)| self.part(format!("{place}/{}", escaped(name)))).collect()
            }
            Value::Object(_) | Value::Bool(_) => Ok(vec![self.part(place)?]),
            Value::Null | Value::Number(_) | Value::String(_) => Ok(Vec::new()),
        }
    }

    /// The place within this schema that a reference leads to.
    fn target(&self, reference: &Value) -> Option<String> {
        let pointer = percent::decode(reference.as_str()?.strip_prefix('#')?)?;
        let is_place = pointer.is_empty() || pointer.starts_with('/');
        let is_schema = |value: &Value| value.is_object() || value.is_boolean();
        (is_place && self.root.pointer(&pointer).is_some_and(is_schema)).then_some(pointer)
    }
}

impl Part {
    fn cost(&self, here: &[Cost], below: &[Cost]) -> Cost {
        let of = |costs: &[Cost], number: &usize| costs.get(*number).copied().unwrap_or(Cost::MAX);
        let same = self.same.iter().map(|part| of(here, part)).fold(Cost::NONE, Cost::and);
        let one = self.one_below.iter().map(|part| of(below, part)).fold(Cost::NONE, Cost::or);
        let each = self.each_below.iter().map(|part| of(below, part)).fold(one, Cost::and);
        let inner = same.and(each);
        Cost {
            work: inner.work.saturating_mul(self.times).saturating_add(self.own),
            chain: inner.chain.saturating_add(1),
        }
    }
}

/// What a part costs by itself: a value is compared with each of an enumeration.
fn own(keywords: &Map<String, Value>) -> u64 {
    let listed = keywords.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
    u64::try_from(listed).unwrap_or(u64::MAX).saturating_add(1)
}

/// Whoever asks what was not evaluated has it evaluated once more.
fn times(keywords: &Map<String, Value>) -> u64 {
    let asks = |keyword| u64::from(keywords.contains_key(keyword));
    1 + asks("unevaluatedProperties") + asks("unevaluatedItems")
}

fn refused(place: &str, keyword: &str) -> SchemaError {
    SchemaError::Reference { place: shown(place, 200), keyword: keyword.to_owned() }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
