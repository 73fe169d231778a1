//! The search of an answer. Without rules everything goes through at once and what is found is taken note
//! of. With rules text is held back for as long as a value may begin in it; what came after it in other
//! lanes of the same choice waits, so that the order stays.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
};

use dlp::{Channel, Engine, Finding, Passed, Scan, Tokens};
use types::{
    Label,
    answer::{Choice, Event, Piece},
};

use super::{Lane, Rules, Stopped, texts, with_text};
use crate::{metrics, tokens::random, trail::Found};

/// The most lanes of an answer that are searched, and the most bytes that wait behind one.
const LANES_MAX: usize = 1_024;
const WAITING_BYTES_MAX: usize = 1 << 20;
/// Text that nobody waits for is searched so much at a time.
const WATCHED_BYTES: usize = 2 << 10;

pub(super) struct Search<'s> {
    engine: &'s Engine,
    /// What must not be in the answer; nothing is held back without it.
    rules: Option<Rules>,
    /// The tokens of this answer: nothing puts their values back, here or later.
    tokens: Tokens,
    choices: BTreeMap<u32, Lanes>,
    found: Found,
    label: Label,
}

/// The lanes of one choice in the order in which they began.
#[derive(Default)]
struct Lanes {
    all: Vec<(Lane, Channel)>,
    /// The lane that holds something back; everything of others waits.
    front: Option<usize>,
    waiting: VecDeque<Event>,
    waiting_bytes: usize,
}

impl<'s> Search<'s> {
    pub(super) fn new(engine: &'s Engine, rules: Option<Rules>) -> Self {
        Self {
            engine,
            rules,
            tokens: Tokens::new(random),
            choices: BTreeMap::new(),
            found: Found::default(),
            label: Label::Public,
        }
    }

    pub(super) const fn alters(&self) -> bool {
        self.rules.is_some()
    }

    pub(super) const fn found(&self) -> &Found {
        &self.found
    }

    pub(super) const fn label(&self) -> Label {
        self.label
    }

    /// Searches an event and gives what may go on.
    pub(super) fn pass(&mut self, event: Event, out: &mut Vec<Event>) -> Result<(), Stopped> {
        match event {
            Event::Delta { choice, piece, logprobs } if self.rules.is_none() => {
                self.watch(choice, &piece);
                out.push(Event::Delta { choice, piece, logprobs });
            }
            // Log probabilities repeat the text, and go with it.
            Event::Delta { choice, piece, .. } => return self.hold(choice, piece, out),
            Event::Finish { choice, .. } => {
                self.close(choice, out)?;
                out.push(event);
            }
            Event::Start { .. } | Event::Usage(_) | Event::Failed { .. } => out.push(event),
        }
        Ok(())
    }

    /// Searches what is held back.
    pub(super) fn end(&mut self, out: &mut Vec<Event>) -> Result<(), Stopped> {
        let choices: Vec<u32> = self.choices.keys().copied().collect();
        choices.into_iter().try_for_each(|choice| self.close(choice, out))
    }

    /// Searches a choice of a whole answer.
    pub(super) fn whole(&mut self, choice: &mut Choice) -> Result<(), Stopped> {
        let number = choice.index;
        for (lane, text) in texts(choice) {
            // One search at its end: all of it is there.
            let channel = Channel::new(self.engine, lane.form(), &lane.place(number));
            let mut channel = channel.patient(usize::MAX);
            let mut passed = self.settle(channel.push(text))?;
            passed.push_str(&self.settle(channel.end())?);
            if self.rules.is_some() {
                *text = passed;
            }
        }
        for name in choice.tool_calls.iter().map(|call| call.name.as_str()) {
            self.name(number, name)?;
        }
        if self.rules.is_some() {
            choice.logprobs = None;
            if let Some(annotations) = choice.annotations.take() {
                let text = annotations.to_string();
                let place = format!("choices[{number}].annotations");
                let clean = self.look(&place, &text)?;
                choice.annotations = clean.then_some(annotations);
            }
        }
        Ok(())
    }

    /// Takes note of what is in a piece that goes through.
    fn watch(&mut self, number: u32, piece: &Piece) {
        let Some((lane, text)) = Lane::of(piece) else { return };
        let mut lanes = self.choices.remove(&number).unwrap_or_default();
        if let Some(at) = lanes.at(lane, number, (self.engine, WATCHED_BYTES))
            && let Some((_, channel)) = lanes.all.get_mut(at)
        {
            let passed = channel.push(text);
            self.note(&passed);
        }
        self.choices.insert(number, lanes);
    }

    /// Gives of a piece what is certain, and of what waited behind it.
    fn hold(&mut self, number: u32, piece: Piece, out: &mut Vec<Event>) -> Result<(), Stopped> {
        let event = |piece| Event::Delta { choice: number, piece, logprobs: None };
        let mut lanes = self.choices.remove(&number).unwrap_or_default();
        let open = |(lane, _): &(Lane, Channel)| *lane == Lane::Reasoning;
        if matches!(piece, Piece::Opaque(_))
            && let Some(at) = lanes.all.iter().position(open)
            && let Some((lane, channel)) = lanes.all.get_mut(at)
        {
            // The item of reasoning is over.
            let next = Channel::new(self.engine, lane.form(), &lane.place(number));
            let text = self.settle(mem::replace(channel, next).end())?;
            let rest = (!text.is_empty()).then(|| event(Piece::Reasoning(text)));
            lanes.tell(at, rest, out)?;
        }
        let Some((lane, text)) = Lane::of(&piece) else {
            lanes.after(event(piece), out)?;
            self.choices.insert(number, lanes);
            return Ok(());
        };
        if let Piece::ToolCall { name: Some(name), .. } = &piece {
            self.name(number, name)?;
        }
        let at = lanes.at(lane, number, (self.engine, 0)).ok_or_else(Stopped::unsearched)?;
        let passed = lanes.all.get_mut(at).map(|(_, channel)| channel.push(text));
        let text = self.settle(passed.unwrap_or_default())?;
        lanes.tell(at, with_text(piece, text).map(event), out)?;
        self.choices.insert(number, lanes);
        Ok(())
    }

    /// Gives the rest of a choice.
    fn close(&mut self, number: u32, out: &mut Vec<Event>) -> Result<(), Stopped> {
        let Some(mut lanes) = self.choices.remove(&number) else { return Ok(()) };
        let front = lanes.front.take();
        let (first, others): (Vec<_>, Vec<_>) = mem::take(&mut lanes.all)
            .into_iter()
            .enumerate()
            .partition(|(at, _)| Some(*at) == front);
        for (_, (lane, mut channel)) in first {
            self.last(number, lane, &mut channel, out)?;
        }
        out.extend(lanes.waiting.drain(..));
        for (_, (lane, mut channel)) in others {
            self.last(number, lane, &mut channel, out)?;
        }
        Ok(())
    }

    fn last(
        &mut self,
        number: u32,
        lane: Lane,
        channel: &mut Channel,
        out: &mut Vec<Event>,
    ) -> Result<(), Stopped> {
        let text = self.settle(channel.end())?;
        if self.rules.is_some() && !text.is_empty() {
            let piece = lane.piece(text);
            out.push(Event::Delta { choice: number, piece, logprobs: None });
        }
        Ok(())
    }

    /// What of a text goes on, by the rules.
    fn settle(&mut self, passed: Passed) -> Result<String, Stopped> {
        self.note(&passed);
        let Some(rules) = &self.rules else { return Ok(passed.text) };
        let blocked: BTreeSet<_> = passed
            .findings
            .iter()
            .filter(|finding| rules.blocks(finding.kind))
            .map(|finding| finding.kind.as_str())
            .collect();
        if !blocked.is_empty() || !passed.complete {
            for kind in &blocked {
                metrics::FINDINGS.with_label_values(&[kind, "answer_block"]).inc();
            }
            return Err(Stopped(blocked));
        }
        for finding in passed.findings.iter().filter(|finding| rules.redacts(finding.kind)) {
            metrics::FINDINGS.with_label_values(&[finding.kind.as_str(), "answer_redact"]).inc();
        }
        Ok(passed.redacted(|kind| rules.redacts(kind), &mut self.tokens))
    }

    fn note(&mut self, passed: &Passed) {
        passed.findings.iter().for_each(|finding| self.note_one(finding));
        if !passed.complete {
            self.found.missed();
            self.label = Label::Restricted;
        }
    }

    fn note_one(&mut self, finding: &Finding) {
        metrics::FINDINGS.with_label_values(&[finding.kind.as_str(), "answer"]).inc();
        self.found.add(finding);
        self.label = self.label.join(finding.label);
    }

    /// The name of a tool: another one would mean something else.
    fn name(&mut self, number: u32, name: &str) -> Result<(), Stopped> {
        let clean = self.look(&format!("choices[{number}].tool_calls"), name)?;
        if clean { Ok(()) } else { Err(Stopped::unsearched()) }
    }

    /// Whether nothing is in a text that would have to be replaced. Of one that was not looked through
    /// nobody knows.
    fn look(&mut self, place: &str, text: &str) -> Result<bool, Stopped> {
        let Scan { findings, complete, .. } = self.engine.scan(place, text);
        findings.iter().for_each(|finding| self.note_one(finding));
        if !complete {
            self.found.missed();
            self.label = Label::Restricted;
        }
        let Some(rules) = &self.rules else { return Ok(true) };
        let blocked: BTreeSet<_> = findings
            .iter()
            .map(|f| f.kind)
            .filter(|k| rules.blocks(*k))
            .map(|k| k.as_str())
            .collect();
        if !blocked.is_empty() {
            return Err(Stopped(blocked));
        }
        Ok(complete && !findings.iter().any(|finding| rules.redacts(finding.kind)))
    }
}

impl Lanes {
    /// The number of a lane, which begins with this patience; `None` where there are too many.
    fn at(
        &mut self,
        lane: Lane,
        choice: u32,
        (engine, patience): (&Engine, usize),
    ) -> Option<usize> {
        if let Some(known) = self.all.iter().position(|(known, _)| *known == lane) {
            return Some(known);
        }
        if self.all.len() >= LANES_MAX {
            return None;
        }
        let channel = Channel::new(engine, lane.form(), &lane.place(choice)).patient(patience);
        self.all.push((lane, channel));
        Some(self.all.len() - 1)
    }

    /// Tells what a lane let through, or has it wait, and sees whether the lane goes on to hold others up.
    fn tell(
        &mut self,
        at: usize,
        event: Option<Event>,
        out: &mut Vec<Event>,
    ) -> Result<(), Stopped> {
        if self.front.is_some_and(|front| front != at) {
            return event.map_or(Ok(()), |event| self.wait(event));
        }
        out.extend(event);
        if self.all.get(at).is_some_and(|(_, channel)| channel.held() > 0) {
            self.front = Some(at);
            return Ok(());
        }
        out.extend(self.waiting.drain(..));
        self.waiting_bytes = 0;
        self.front = self.all.iter().position(|(_, channel)| channel.held() > 0);
        Ok(())
    }

    /// An event without text, in its order.
    fn after(&mut self, event: Event, out: &mut Vec<Event>) -> Result<(), Stopped> {
        if self.front.is_some() {
            return self.wait(event);
        }
        out.push(event);
        Ok(())
    }

    fn wait(&mut self, event: Event) -> Result<(), Stopped> {
        if let Event::Delta { piece, .. } = &event {
            let text = Lane::of(piece).map_or(0, |(_, text)| text.len());
            self.waiting_bytes = self.waiting_bytes.saturating_add(text + size_of::<Event>());
        }
        if self.waiting_bytes > WAITING_BYTES_MAX {
            return Err(Stopped::unsearched());
        }
        self.waiting.push_back(event);
        Ok(())
    }
}
