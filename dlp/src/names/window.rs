//! A text as windows of words, each round the word in its middle.

use super::{
    features::{SIDE, WINDOW},
    lexicon::Lexicon,
    tokens::{Gap, Token, Tokens, WORD_BYTES_MAX, know},
};

/// Words that are read before they are looked at.
const CHUNK: usize = 128;

/// Calls back with each word in the middle of its window, until that says stop.
pub(crate) fn windows(
    text: &str,
    lexicon: Lexicon<'_>,
    mut each: impl FnMut(&[Token; WINDOW]) -> bool,
) {
    let mut tokens = Tokens::new(text, lexicon);
    let mut buffer = Vec::with_capacity(CHUNK.min(text.len() / 2) + 2 * WINDOW);
    buffer.extend([Token::EDGE; SIDE]);
    loop {
        let before = buffer.len();
        buffer.extend(tokens.by_ref().take(CHUNK));
        know(buffer.get_mut(before..).unwrap_or_default(), lexicon);
        let ended = buffer.len() - before < CHUNK;
        if ended {
            buffer.extend([Token::EDGE; SIDE]);
        }
        let mut all = buffer.windows(WINDOW).filter_map(|window| window.first_chunk());
        if !all.all(&mut each) || ended {
            return;
        }
        buffer.drain(..buffer.len() - 2 * SIDE);
    }
}

/// The window without what stands in other sentences, or beyond what is too long for a word.
pub(crate) fn within_sentence(window: &[Token; WINDOW]) -> [Token; WINDOW] {
    let parts = |gap: Gap| matches!(gap, Gap::Stop | Gap::Edge);
    let is_long = |token: &Token| token.span().len() > WORD_BYTES_MAX;
    let mut window = *window;
    let (before, rest) = window.split_at_mut(SIDE);
    let Some((middle, after)) = rest.split_first_mut() else { return window };
    let mut parted = parts(middle.gap);
    for token in before.iter_mut().rev() {
        let beyond = parted || parts(token.gap) || is_long(token);
        if parted {
            *token = Token::EDGE;
        }
        parted = beyond;
    }
    let mut parted = false;
    for token in after {
        let beyond = parted;
        parted |= parts(token.gap);
        if beyond {
            *token = Token::EDGE;
        } else if parted {
            *token = token.hidden();
        }
        parted |= is_long(token);
    }
    window
}
