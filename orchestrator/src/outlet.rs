//! What an agent says on its way out to people: policy decides whether it may say anything there, and which kinds
//! of data must not be in it. What is said while it is thought of passes the same search as the whole.

use std::collections::BTreeMap;

use dlp::{Channel, Engine, Form, Kind, Passed};
use policy::{Denial, MessageOut, MessagePermit};
use snapshot::{Agent, Snapshot};
use store::work::{Session, Task};
use types::{Integrity, Label, Timestamp};

/// The way out of one answer.
pub(crate) struct Outlet<'a> {
    channel: Channel,
    /// Asks policy about a kind. There are hundreds, and an answer has few of them.
    ask: Box<dyn Fn(Kind) -> Rule + Send + 'a>,
    /// What is in it, and what policy wants of that.
    found: BTreeMap<&'static str, Rule>,
    said: String,
}

/// What policy wants of a kind of data in messages to one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// It may be said.
    Say,
    /// Its name is said in its place.
    Redact,
    /// Nothing is said that has it.
    Block,
}

/// Where a message goes, and what is known of the session that it is said in.
pub(crate) struct Place<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) agent: &'a Agent,
    pub(crate) task: &'a Task,
    pub(crate) session: Option<&'a Session>,
    pub(crate) label: Label,
    pub(crate) integrity: Integrity,
}

/// Why nothing more is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsaid(pub(crate) String);

impl Place<'_> {
    /// Asks policy about a message in which these kinds of data are.
    pub(crate) fn decide(&self, kinds: &[&str]) -> Result<MessagePermit, Denial> {
        self.snapshot.policy.decide_message(&MessageOut {
            task: self.task.id,
            agent: &self.agent.caller,
            platform: self.session.map_or("none", |session| session.connector.as_str()),
            channel: self.session.map_or("", |session| session.conversation.as_str()),
            label: self.label,
            integrity: self.integrity,
            kinds,
            calls: self.session.map_or(0, |session| u64::try_from(session.taken_seq).unwrap_or(0)),
            now: Timestamp::now(),
        })
    }

    fn rule(&self, kind: Kind) -> Rule {
        match self.decide(&[kind.as_str()]) {
            Err(_) => Rule::Block,
            Ok(permit) if redacts(&permit, kind) => Rule::Redact,
            Ok(_) => Rule::Say,
        }
    }
}

/// Whether a permit wants a kind redacted, by its own name or its family's.
fn redacts(permit: &MessagePermit, kind: Kind) -> bool {
    let family = kind.family().as_str();
    permit.redact().iter().any(|name| name == kind.as_str() || name == family)
}

impl<'a> Outlet<'a> {
    /// The way out to a place.
    ///
    /// # Errors
    /// The denial, where nothing may be said there at all.
    pub(crate) fn open(place: &'a Place<'_>) -> Result<Self, Denial> {
        place.decide(&[])?;
        Ok(Self::new(&place.snapshot.dlp, move |kind| place.rule(kind)))
    }

    fn new(engine: &Engine, ask: impl Fn(Kind) -> Rule + Send + 'a) -> Self {
        let channel = Channel::new(engine, Form::Text, "message");
        Self { channel, ask: Box::new(ask), found: BTreeMap::new(), said: String::new() }
    }

    /// Takes a piece, and gives what of it may be said now.
    pub(crate) fn push(&mut self, piece: &str) -> Result<String, Unsaid> {
        let passed = self.channel.push(piece);
        self.pass(passed)
    }

    /// Gives the rest.
    pub(crate) fn end(&mut self) -> Result<String, Unsaid> {
        let passed = self.channel.end();
        self.pass(passed)
    }

    /// All that was said.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    /// The kinds that are in it, those that were replaced included.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.found.keys().copied().collect()
    }

    fn pass(&mut self, passed: Passed) -> Result<String, Unsaid> {
        if !passed.complete {
            return Err(Unsaid("the answer could not be searched".to_owned()));
        }
        for kind in passed.findings.iter().map(|found| found.kind) {
            let rule = self.found.entry(kind.as_str()).or_insert_with(|| (self.ask)(kind));
            if *rule == Rule::Block {
                let why = format!("the answer holds {}, which is not said here", kind.as_str());
                return Err(Unsaid(why));
            }
        }
        let mut text = String::with_capacity(passed.text.len());
        let mut at = 0;
        for finding in &passed.findings {
            let kind = finding.kind.as_str();
            if self.found.get(kind) != Some(&Rule::Redact) || finding.span.start < at {
                continue;
            }
            text.push_str(passed.text.get(at..finding.span.start).unwrap_or_default());
            text.push_str(&format!("[{kind}]"));
            at = finding.span.end;
        }
        text.push_str(passed.text.get(at..).unwrap_or_default());
        self.said.push_str(&text);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet<'a>(redact: &'a [&str], block: &'a [&str]) -> Outlet<'a> {
        Outlet::new(&Engine::builtin(&dlp::Settings::default()), move |kind| {
            let is_among = |kinds: &[&str]| kinds.contains(&kind.as_str());
            match (is_among(block), is_among(redact)) {
                (true, _) => Rule::Block,
                (false, true) => Rule::Redact,
                (false, false) => Rule::Say,
            }
        })
    }

    /// The text, cut at every place, says the same.
    #[track_caller]
    fn check(rules: (&[&str], &[&str]), text: &str, expected: Result<&str, &str>) {
        for cut in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let mut outlet = outlet(rules.0, rules.1);
            let (first, second) = text.split_at(cut);
            let told = outlet
                .push(first)
                .and_then(|one| Ok(one + &outlet.push(second)?))
                .and_then(|two| Ok(two + &outlet.end()?));
            let told = told.map_err(|Unsaid(why)| why);
            assert_eq!(told.as_deref().map_err(String::as_str), expected, "cut at {cut}");
        }
    }

    #[test]
    fn what_policy_wants_redacted_is_replaced_in_any_pieces() {
        let text = "Write to ann.miller@example.com today.";
        check((&["email"], &[]), text, Ok("Write to [email] today."));
        check((&[], &[]), text, Ok(text));
    }

    #[test]
    fn what_policy_blocks_is_not_said_in_any_pieces() {
        let text = "The key is AKIAIOSFODNN7EXAMPL2 for the bucket.";
        let mut open = outlet(&[], &[]);
        open.push(text).unwrap();
        open.end().unwrap();
        let kinds = open.kinds();
        let kind = *kinds.first().expect("the example is a finding");
        let told = format!("the answer holds {kind}, which is not said here");
        check((&[], &[kind]), text, Err(&told));
    }
}
