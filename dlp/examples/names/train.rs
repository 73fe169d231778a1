//! Makes the model: a table of words and the weights of a logistic regression over the features of
//! each word that can be part of a name.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a tool that stops at the first mistake"
)]

use std::{error::Error, fs, io, io::Write as _};

use crate::{
    names::{
        features::{WEIGHTS_LOG, WINDOW, features, is_candidate},
        lexicon::{
            BUCKET_WORDS, BUCKETS_LOG, FACTS_BITS, LEXICON_BYTES, Lexicon, PROBES_MAX, Word, place,
        },
        tokens::{Token, Tokens},
        window::{windows, within_sentence},
    },
    rows::{self, Row},
};

const EPOCHS: u32 = 6;
const RATE: f32 = 0.15;
/// Keeps weights small that few rows speak for.
const DECAY: f32 = 2e-5;
/// What part of the words is shown to the model as if the lexicon did not know them as names or
/// places, so that it learns from what stands round them.
const FORGOTTEN: f32 = 0.12;
/// The bits of [`Word`] that tell of those.
const NAMES_AND_PLACES: u16 = 0b1100_1111;
/// What part of the words round one is shown without their letters, as most texts have words beside
/// names that these rows have not.
const UNREAD: f32 = 0.2;
/// Weights are stored as whole numbers: so many of these steps are 1.
const STEPS: f32 = 24.0;

/// `LEXICON OUTPUT FILE[*TIMES]...`
pub(crate) fn train(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [lexicon, output, files @ ..] = arguments else {
        return Err("give a lexicon, an output and rows".into());
    };
    let lexicon = pack(&fs::read_to_string(lexicon)?)?;
    let mut sets: Vec<(Vec<Row>, f32)> = Vec::new();
    for file in files {
        let (file, weight) = file.split_once('*').unwrap_or((file, "1"));
        sets.push((rows::read(file)?, weight.parse()?));
    }
    let rows: Vec<(&Row, f32)> =
        sets.iter().flat_map(|(rows, weight)| rows.iter().map(|row| (row, *weight))).collect();
    let weights = Learner::new().learn(&rows, Lexicon::new(&lexicon))?;
    let mut model = lexicon;
    model.extend(weights.iter().map(|&weight| {
        let step = (weight * STEPS).round().clamp(-127.0, 127.0) as i8;
        step.cast_unsigned()
    }));
    fs::write(output, model)?;
    Ok(())
}

/// The table of words from lines of a word, a tab and what is known of it.
fn pack(lines: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut entries = vec![0_u32; BUCKET_WORDS << BUCKETS_LOG];
    let mut lost = 0;
    for line in lines.lines() {
        let (word, facts) = line.split_once('\t').ok_or("a line without a tab")?;
        let facts: u32 = facts.parse()?;
        let Some(token) = Tokens::new(word, Lexicon::new(&[])).next() else { continue };
        let (bucket, print) = place(token.key);
        let first = bucket * BUCKET_WORDS;
        let mut places = (first..first + PROBES_MAX * BUCKET_WORDS).map(|at| at % entries.len());
        match places.find(|&at| entries[at] == 0 || entries[at] >> FACTS_BITS == print) {
            Some(at) => entries[at] |= print << FACTS_BITS | facts,
            None => lost += 1,
        }
    }
    writeln!(io::stdout(), "{lost} words found no place")?;
    let bytes: Vec<u8> = entries.iter().flat_map(|entry| entry.to_le_bytes()).collect();
    assert_eq!(bytes.len(), LEXICON_BYTES);
    Ok(bytes)
}

/// Stochastic gradient descent with a rate for each weight (AdaGrad).
struct Learner {
    weights: Vec<f32>,
    squares: Vec<f32>,
    random: u64,
}

impl Learner {
    fn new() -> Self {
        let size = 1 << WEIGHTS_LOG;
        Self { weights: vec![0.0; size], squares: vec![1e-2; size], random: 0x1234_5678_9abc_def1 }
    }

    /// A number from 0 up to 1 (xorshift, so that every run makes the same model).
    fn chance(&mut self) -> f32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 40) as f32 / (1 << 24) as f32
    }

    fn learn(mut self, rows: &[(&Row, f32)], lexicon: Lexicon<'_>) -> io::Result<Vec<f32>> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut average = vec![0.0_f32; self.weights.len()];
        for epoch in 1..=EPOCHS {
            for last in (1..order.len()).rev() {
                let other = (self.chance() * (last + 1) as f32) as usize;
                order.swap(last, other.min(last));
            }
            let (mut loss, mut count) = (0.0, 0_u32);
            for &index in &order {
                let (row, weight) = rows[index];
                windows(&row.text, lexicon, |window| {
                    if is_candidate(window) {
                        let word = &window[WINDOW / 2];
                        let is_name = row
                            .names
                            .iter()
                            .any(|name| name.start < word.end && word.start < name.end);
                        let window = self.forget(&within_sentence(window));
                        loss += f64::from(self.step(&row.text, &window, is_name, weight));
                        count += 1;
                    }
                    true
                });
            }
            writeln!(
                io::stdout(),
                "epoch {epoch}: loss {:.4} over {count} words",
                loss / f64::from(count)
            )?;
            // The mean of the later half is steadier than the end.
            if epoch * 2 > EPOCHS {
                let share = 1.0 / (EPOCHS - EPOCHS / 2) as f32;
                average
                    .iter_mut()
                    .zip(&self.weights)
                    .for_each(|(sum, weight)| *sum += weight * share);
            }
        }
        Ok(average)
    }

    /// Takes what the lexicon says of names and places from some of the words.
    fn forget(&mut self, window: &[Token; WINDOW]) -> [Token; WINDOW] {
        let mut window = *window;
        for (place, token) in window.iter_mut().enumerate() {
            if place != WINDOW / 2 && self.chance() < UNREAD {
                token.key = 0;
                if !token.is_capitalised() {
                    token.word = Word::NONE;
                }
            }
            if token.is_capitalised() && token.word.cue() == 0 && self.chance() < FORGOTTEN {
                token.word = Word(token.word.facts() & !NAMES_AND_PLACES);
            }
        }
        window
    }

    fn step(&mut self, text: &str, window: &[Token; WINDOW], is_name: bool, weight: f32) -> f32 {
        let mut numbers = [0_usize; 64];
        let mut count = 0;
        features(text, window, &mut |number| {
            numbers[count] = number;
            count += 1;
        });
        let numbers = &numbers[..count];
        let sum: f32 = numbers.iter().map(|&number| self.weights[number]).sum();
        let chance = 1.0 / (1.0 + (-sum).exp());
        let slope = (chance - if is_name { 1.0 } else { 0.0 }) * weight;
        for &number in numbers {
            let slope = slope + DECAY * self.weights[number];
            self.squares[number] += slope * slope;
            self.weights[number] -= RATE * slope / self.squares[number].sqrt();
        }
        -(if is_name { chance } else { 1.0 - chance }).max(1e-6).ln()
    }
}
