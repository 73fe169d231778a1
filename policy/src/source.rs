//! One policy file: parsed, its annotations read, checked strictly against the schema.

use cedar_policy::{
    Policy, PolicyId, PolicySet, ValidationError, ValidationMode, ValidationWarning,
};
use miette::Diagnostic;

use crate::{
    action,
    against::Against,
    bundle::{Fault, Source},
    file::line_at,
    rule::Rule,
    words,
};

/// One policy with what its annotations say and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    /// The policy under the id of its rule.
    pub policy: Policy,
    pub rule: Rule,
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// The longest policy file, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;

/// Policies may read attributes of the principal and the resource and go no further: only these
/// two entities are given to Cedar, and reading any other would be an error at the decision.
const DEREFERENCES_MAX: u32 = 1;

/// Reads one file. Every fault is reported; the policies that come back are complete only if there
/// is none.
pub(crate) fn read(source: &Source, against: &Against<'_>, faults: &mut Vec<Fault>) -> Vec<Parsed> {
    let mut note = |line, message: String, fix: String| {
        faults.push(Fault { file: source.file.clone(), line, message, fix });
    };
    if source.text.len() > FILE_BYTES_MAX {
        let message = format!("the file is longer than {FILE_BYTES_MAX} bytes");
        note(None, message, "split it into several files".to_owned());
        return Vec::new();
    }
    let set = match source.text.parse::<PolicySet>() {
        Ok(set) => set,
        Err(errors) => {
            for error in errors.iter() {
                let fix = help(error).unwrap_or_else(|| "correct the syntax here".to_owned());
                note(line_of(error, &source.text), error.to_string(), fix);
            }
            return Vec::new();
        }
    };
    for template in set.templates() {
        let start = template.as_ref().loc().map(|loc| loc.start());
        let message = "templates with `?principal` or `?resource` are not supported".to_owned();
        let line = start.map(|start| line_at(&source.text, start));
        note(line, message, "write the policy for each principal or resource".to_owned());
    }
    validate(&set, against, &source.text, &mut note);
    parsed(&set, source, against, &mut note)
}

fn validate(
    set: &PolicySet,
    against: &Against<'_>,
    text: &str,
    note: &mut impl FnMut(Option<usize>, String, String),
) {
    let result =
        against.validator.validate_with_level(set, ValidationMode::Strict, DEREFERENCES_MAX);
    for error in result.validation_errors() {
        let compare = || "compare with policies/schema.cedarschema".to_owned();
        let fix = match error {
            ValidationError::EntityDerefLevelViolation(_) => {
                "read attributes of principal, resource and context only".to_owned()
            }
            // Cedar would propose an action here, but any one.
            ValidationError::UnrecognizedActionId(_) => {
                against.help_with_tool(&error.to_string()).unwrap_or_else(compare)
            }
            _ => against
                .help_with_tool(&error.to_string())
                .or_else(|| help(error))
                .unwrap_or_else(compare),
        };
        note(line_of(error, text), unnamed(&error.to_string()), fix);
    }
    // A warning is a policy that can never apply or text that looks like other text: whoever wrote
    // it believes in a protection that is not there. Errors bring warnings with them, which would
    // only repeat them.
    let has_error = |policy: &PolicyId| result.validation_errors().any(|e| e.policy_id() == policy);
    for warning in result.validation_warnings().filter(|w| !has_error(w.policy_id())) {
        let fix = match warning {
            ValidationWarning::ImpossiblePolicy(_) => "correct its condition, or remove it",
            ValidationWarning::MixedScriptString(_)
            | ValidationWarning::BidiCharsInString(_)
            | ValidationWarning::MixedScriptIdentifier(_)
            | ValidationWarning::BidiCharsInIdentifier(_)
            | ValidationWarning::ConfusableIdentifier(_) => "use plain characters of one script",
            _ => "correct its scope or its condition",
        };
        note(line_of(warning, text), unnamed(&warning.to_string()), fix.to_owned());
    }
}

/// Cedar's message without the number that it gave the policy: the line says where it is.
pub(crate) fn unnamed(message: &str) -> String {
    let rest = message.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, "));
    rest.map_or(message, |(_, message)| message).to_owned()
}

fn parsed(
    set: &PolicySet,
    source: &Source,
    against: &Against<'_>,
    note: &mut impl FnMut(Option<usize>, String, String),
) -> Vec<Parsed> {
    let kinds = against.kinds;
    let start = |policy: &Policy| policy.as_ref().loc().map_or(0, |loc| loc.start());
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| start(policy));
    let mut all = Vec::with_capacity(policies.len());
    for (policy, number) in policies.into_iter().zip(1_usize..) {
        let unnamed = format!("{}#{number}", source.file);
        let (rule, misuses) = Rule::read(policy.effect(), policy.annotations(), unnamed, kinds);
        let line = line_at(&source.text, start(policy));
        let annotations = policy.annotations().map(|(name, _)| name);
        for misuse in misuses.into_iter().chain(action::misplaced(policy, annotations)) {
            let at = annotation_line(policy, &misuse.annotation, &source.text).unwrap_or(line);
            note(Some(at), misuse.message, misuse.fix);
        }
        for stray in policy.to_json().iter().flat_map(|json| words::strays(json, kinds)) {
            let at = literal_line(policy, &stray.literal, &source.text).unwrap_or(line);
            note(Some(at), stray.message(), stray.fix());
        }
        let policy = against.of_every_tool(policy).new_id(PolicyId::new(&rule.id));
        all.push(Parsed { policy, rule, file: source.file.clone(), line });
    }
    all
}

/// The line of one annotation of a policy.
fn annotation_line(policy: &Policy, name: &str, text: &str) -> Option<usize> {
    let mut all = policy.as_ref().annotations();
    let (_, annotation) = all.find(|(key, _)| key.as_ref() == name)?;
    annotation.loc.as_ref().map(|loc| line_at(text, loc.start()))
}

/// The line on which a policy first has a literal.
fn literal_line(policy: &Policy, literal: &str, text: &str) -> Option<usize> {
    let loc = policy.as_ref().loc()?;
    let found = loc.snippet()?.find(literal)?;
    Some(line_at(text, loc.start().saturating_add(found)))
}

/// The line of the first place that a problem points at.
fn line_of(problem: &dyn Diagnostic, text: &str) -> Option<usize> {
    problem.labels()?.next().map(|label| line_at(text, label.offset()))
}

fn help(problem: &dyn Diagnostic) -> Option<String> {
    problem.help().map(|help| help.to_string())
}
