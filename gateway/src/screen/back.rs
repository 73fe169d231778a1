//! The way back of redacted values: a token of the request's map gives way where policy restores its kind
//! towards this caller. Every other token stays text.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use dlp::{Kind, Restorer};
use policy::Obligations;
use types::answer::{Choice, Event, Piece};

use super::{Lane, Rules, texts, with_text};
use crate::tokens::Map;

pub(super) struct Back<'s> {
    map: Arc<Map>,
    obligations: &'s Obligations,
    /// What must not be in the answer does not come back either.
    rules: Rules,
    /// The lane of each choice that is being told.
    open: BTreeMap<u32, (Lane, Restorer)>,
    restored: AtomicBool,
}

impl<'s> Back<'s> {
    pub(super) fn new(map: Arc<Map>, obligations: &'s Obligations, rules: Rules) -> Self {
        Self { map, obligations, rules, open: BTreeMap::new(), restored: AtomicBool::new(false) }
    }

    pub(super) fn has_restored(&self) -> bool {
        self.restored.load(Ordering::Relaxed)
    }

    pub(super) fn pass(&mut self, event: Event, out: &mut Vec<Event>) {
        match event {
            Event::Delta { choice, piece, logprobs } => {
                let lane = Lane::of(&piece).map(|(lane, _)| lane);
                if self.open.get(&choice).is_some_and(|(open, _)| Some(*open) != lane) {
                    self.close(choice, out);
                }
                let told = match lane {
                    Some(lane) => self.restored(choice, lane, piece),
                    None => Some(piece),
                };
                out.extend(told.map(|piece| Event::Delta { choice, piece, logprobs }));
            }
            Event::Finish { choice, .. } => {
                self.close(choice, out);
                out.push(event);
            }
            Event::Start { .. } | Event::Usage(_) | Event::Failed { .. } => out.push(event),
        }
    }

    pub(super) fn end(&mut self, out: &mut Vec<Event>) {
        let open: Vec<u32> = self.open.keys().copied().collect();
        open.into_iter().for_each(|choice| self.close(choice, out));
    }

    pub(super) fn whole(&self, choice: &mut Choice) {
        for (lane, text) in texts(choice) {
            let mut restorer = Restorer::new(lane.form());
            let mut told = restorer.push(text, |token| self.value(token));
            told.push_str(&restorer.end());
            *text = told;
        }
    }

    fn restored(&mut self, choice: u32, lane: Lane, piece: Piece) -> Option<Piece> {
        let opened = self.open.remove(&choice);
        let (_, mut restorer) = opened.unwrap_or_else(|| (lane, Restorer::new(lane.form())));
        let text = Lane::of(&piece).map_or("", |(_, text)| text);
        let text = restorer.push(text, |token| self.value(token));
        self.open.insert(choice, (lane, restorer));
        with_text(piece, text)
    }

    fn close(&mut self, choice: u32, out: &mut Vec<Event>) {
        let Some((lane, mut restorer)) = self.open.remove(&choice) else { return };
        let rest = restorer.end();
        if !rest.is_empty() {
            out.push(Event::Delta { choice, piece: lane.piece(rest), logprobs: None });
        }
    }

    fn value(&self, token: &str) -> Option<String> {
        let (kind, value) = self.map.value(token)?;
        if !self.may(kind) {
            return None;
        }
        self.restored.store(true, Ordering::Relaxed);
        Some(value)
    }

    fn may(&self, kind: Kind) -> bool {
        self.obligations.restores(kind.as_str(), kind.family().as_str())
            && !self.rules.redacts(kind)
            && !self.rules.blocks(kind)
    }
}
