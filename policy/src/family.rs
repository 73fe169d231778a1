//! Families of kinds. What has a kind has its family: a decision sees both, and policies may name
//! either.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::obligation::names;

/// Each kind with its family.
#[derive(Debug, Clone, Default)]
pub(crate) struct Families {
    pairs: BTreeMap<String, String>,
    /// The kinds that the tree names somewhere: the others are all alike to it.
    named: BTreeSet<String>,
}

impl Families {
    /// The families of a tree with these texts.
    pub(crate) fn new<'t>(
        pairs: &[(&str, &str)],
        texts: impl Iterator<Item = &'t str> + Clone,
    ) -> Self {
        let is_named = |kind: &str| texts.clone().any(|text| text.contains(kind));
        let named = pairs.iter().filter(|(kind, _)| is_named(kind));
        Self {
            named: named.map(|(kind, _)| (*kind).to_owned()).collect(),
            pairs: pairs
                .iter()
                .map(|(kind, family)| ((*kind).to_owned(), (*family).to_owned()))
                .collect(),
        }
    }

    /// The same where another tree's kinds are named as well.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        let named = self.named.union(&other.named).cloned().collect();
        Self { pairs: self.pairs.clone(), named }
    }

    /// Each kind, with its family.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(kind, family)| (kind.as_str(), family.as_str()))
    }

    /// The kinds that were found, and the families of them: what policies know of a content.
    pub(crate) fn closed<'s>(&'s self, kinds: &[&'s str]) -> Vec<&'s str> {
        let families = kinds.iter().filter_map(|kind| self.pairs.get(*kind));
        let mut all: Vec<&str> =
            kinds.iter().copied().chain(families.map(String::as_str)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The same for the attribute `kinds` of a context in Cedar's JSON form.
    pub(crate) fn close(&self, context: &mut Value) {
        let Some(Value::Array(kinds)) = context.get_mut("kinds") else { return };
        let found: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
        // What is no text stays, for whoever says what is wrong with it.
        if found.len() == kinds.len() {
            *kinds = self.closed(&found).into_iter().map(Value::from).collect();
        }
    }

    /// The kinds that a list of kinds and families has.
    pub(crate) fn kinds_of(&self, list: &BTreeSet<String>) -> BTreeSet<String> {
        let kinds = self.pairs().filter(|(kind, family)| names(list, kind, family));
        kinds.map(|(kind, _)| kind.to_owned()).collect()
    }

    /// Puts the kinds of a family beside it wherever a policy in Cedar's JSON form asks for it. A
    /// decision says the same then, and a solver, which does not know that what has a kind has its
    /// family, proves the same. Kinds that nobody names make no difference, and the solver slow.
    pub(crate) fn spell_out(&self, policy: &mut Value) {
        match policy {
            Value::Array(parts) => parts.iter_mut().for_each(|part| self.spell_out(part)),
            Value::Object(parts) => {
                for operator in ["contains", "containsAny"] {
                    let Some(operands) = parts.get(operator) else { continue };
                    let Some(words) = self.with_kinds(operands) else { continue };
                    let left = operands.get("left").cloned().unwrap_or_default();
                    parts.remove(operator);
                    let any = json!({ "left": left, "right": { "Set": words } });
                    parts.insert("containsAny".to_owned(), any);
                    return;
                }
                parts.values_mut().for_each(|part| self.spell_out(part));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The words that are looked for in `context.kinds`, with the kinds of families; none where no
    /// family is among them.
    fn with_kinds(&self, operands: &Value) -> Option<Vec<Value>> {
        let access = operands.get("left")?.get(".")?;
        let of_context = access.get("left")?.get("Var")?.as_str()? == "context";
        if !of_context || access.get("attr")?.as_str()? != "kinds" {
            return None;
        }
        let right = operands.get("right")?;
        let words = match right.get("Set") {
            Some(set) => set.as_array()?.iter().map(word).collect::<Option<BTreeSet<_>>>()?,
            None => BTreeSet::from([word(right)?]),
        };
        let named = self.pairs().filter(|(kind, _)| self.named.contains(*kind));
        let kinds = named.filter(|(_, family)| words.contains(family));
        let kinds: BTreeSet<&str> = kinds.map(|(kind, _)| kind).collect();
        if kinds.is_subset(&words) {
            return None;
        }
        Some(words.union(&kinds).map(|word| json!({ "Value": word })).collect())
    }
}

fn word(literal: &Value) -> Option<&str> {
    literal.get("Value")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FAMILIES;

    #[track_caller]
    fn check(condition: &str, expected: &str) {
        let policy = |condition: &str| -> Value {
            let text = format!("permit (principal, action, resource) when {{ {condition} }};");
            text.parse::<cedar_policy::Policy>().unwrap().to_json().unwrap()
        };
        let mut spelled = policy(condition);
        Families::new(FAMILIES, ["aws_key, card"].into_iter()).spell_out(&mut spelled);
        assert_eq!(spelled, policy(expected), "{condition}");
    }

    #[test]
    fn a_family_is_spelled_out_where_it_is_looked_for() {
        check(
            "!context.kinds.contains(\"secret\")",
            "!context.kinds.containsAny([\"aws_key\", \"secret\"])",
        );
        check(
            "true && context.kinds.containsAny([\"card\", \"secret\"])",
            "true && context.kinds.containsAny([\"aws_key\", \"card\", \"secret\"])",
        );
        for same in [
            "context.kinds.contains(\"email\")",
            // Of this one nobody names a kind.
            "context.kinds.contains(\"personal\")",
            "resource.kinds.contains(\"secret\")",
            "context.other.contains(\"secret\")",
            "context.kinds.containsAll([\"secret\"])",
        ] {
            check(same, same);
        }
    }

    #[test]
    fn what_has_a_kind_has_its_family() {
        let families = Families::new(FAMILIES, [""].into_iter());
        assert_eq!(families.closed(&["us_ssn", "email"]), ["email", "personal", "us_ssn"]);
        assert_eq!(families.closed(&["unheard_of"]), ["unheard_of"]);
        let mut context = json!({ "kinds": ["card"], "label": "public" });
        families.close(&mut context);
        assert_eq!(context, json!({ "kinds": ["card", "payment"], "label": "public" }));
    }
}
