//! What an answer says, kept until it is known whether the provider tells the usage: where it does not, the
//! call is counted in its model's own vocabulary.
//!
//! Only a whole answer is counted so. Of one that was cut nobody knows how far the provider went on.

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use budget::{Counted, Said};
use tokio::{sync::Semaphore, time::timeout};
use types::{
    Request, Tokenizer,
    answer::{Choice, Piece},
};

use crate::{asked, meter::Meter};

/// The longest input and answer, together and in bytes, that are counted. What one letter repeats takes
/// half a second at that length, and anything ordinary a hundredth of it.
const COUNTED_BYTES_MAX: u64 = 1 << 20;
/// How long a call waits for others to be counted. It is charged by its bound then, as without a
/// vocabulary.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// Calls that are counted at the same time.
static COUNTING: Semaphore = Semaphore::const_new(1);

/// What an answer says, up to a bound.
#[derive(Clone)]
pub(crate) struct Tally {
    tokenizer: Tokenizer,
    said: BTreeMap<Place, [String; 2]>,
    bytes: u64,
}

/// Where something is said: in which choice, and there as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    choice: u32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Text,
    Refusal,
    Call(u32),
}

/// What a whole call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) input: u64,
    pub(crate) output: u64,
    /// The vocabulary, where both are counted to the token.
    pub(crate) exactly: Option<Tokenizer>,
}

impl Tally {
    pub(crate) fn new(tokenizer: Tokenizer) -> Self {
        Self { tokenizer, said: BTreeMap::new(), bytes: 0 }
    }

    /// Takes note of a piece of a streamed answer.
    pub(crate) fn observe(&mut self, choice: u32, piece: &Piece) {
        match piece {
            // What is thought is counted by nobody but its provider.
            Piece::Role | Piece::Opaque(_) | Piece::Reasoning(_) => {}
            Piece::Text(text) => self.push((choice, Kind::Text), ["", text]),
            Piece::Refusal(text) => self.push((choice, Kind::Refusal), ["", text]),
            Piece::ToolCall { index, name, arguments, .. } => {
                let name = name.as_deref().unwrap_or_default();
                self.push((choice, Kind::Call(*index)), [name, arguments]);
            }
        }
    }

    /// Takes note of a choice of a whole answer.
    pub(crate) fn observe_choice(&mut self, choice: &Choice) {
        let index = choice.index;
        for (kind, text) in [(Kind::Text, &choice.text), (Kind::Refusal, &choice.refusal)] {
            if let Some(text) = text {
                self.push((index, kind), ["", text]);
            }
        }
        for (call, at) in choice.tool_calls.iter().zip(0..) {
            self.push((index, Kind::Call(at)), [&call.name, &call.arguments]);
        }
    }

    fn push(&mut self, (choice, kind): (u32, Kind), more: [&str; 2]) {
        let bytes = more.iter().fold(0, |sum: usize, text| sum.saturating_add(text.len()));
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.bytes > COUNTED_BYTES_MAX {
            self.said.clear();
            return;
        }
        let kept = self.said.entry(Place { choice, kind }).or_default();
        kept.iter_mut().zip(more).for_each(|(text, more)| text.push_str(more));
    }

    /// Counts what was sent and what came. `None` where that is too long.
    fn sum(&self, sent: &Request) -> Option<Sum> {
        let bytes = self.bytes.saturating_add(asked::text_bytes(sent));
        if bytes > COUNTED_BYTES_MAX {
            return None;
        }
        let (input, output) = match sent {
            Request::Chat(chat) => {
                let choices = u64::from(chat.choices.max(1));
                let output = budget::counted_output(self.all(), choices, self.tokenizer);
                (budget::counted_input(chat, self.tokenizer), output)
            }
            Request::Embed(embed) => {
                let nothing = Counted { tokens: 0, exact: true };
                (budget::counted_embed(embed, self.tokenizer), nothing)
            }
        };
        let exactly = (input.exact && output.exact).then_some(self.tokenizer);
        Some(Sum { input: input.tokens, output: output.tokens, exactly })
    }

    fn all(&self) -> impl Iterator<Item = Said<'_>> {
        self.said.iter().map(|(place, [name, text])| match place.kind {
            Kind::Text | Kind::Refusal => Said::Text(text),
            Kind::Call(_) => Said::Call(name, text),
        })
    }
}

/// Counts a call whose answer is whole, where its provider told no usage and its model's vocabulary is
/// known. `sent` is the request as the provider got it.
pub(crate) async fn count(meter: &mut Meter, sent: &Request) {
    let Some(tally) = meter.take_tally() else { return };
    let Ok(Ok(_turn)) = timeout(WAIT_MAX, COUNTING.acquire()).await else { return };
    // The first one also waits for the vocabulary.
    let counted = tokio::task::block_in_place(|| {
        catch_unwind(AssertUnwindSafe(|| tally.sum(sent))).unwrap_or_else(|_| {
            tracing::error!("a call could not be counted; it is charged by its bound");
            None
        })
    });
    meter.sum_up(counted);
}

/// Texts are what a caller and a model said to each other.
impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use types::{
        chat::{ChatRequest, Message, Part, Role},
        embed::{EmbedRequest, Encoding, Inputs},
    };

    use super::*;

    fn hello() -> Request {
        let message = |role, text: &str| Message::new(role, vec![Part::Text(text.to_owned())]);
        Request::Chat(ChatRequest {
            messages: vec![
                message(Role::System, "You are a helpful assistant."),
                message(Role::User, "Hello!"),
            ],
            choices: 1,
            ..ChatRequest::default()
        })
    }

    fn tally(pieces: &[(u32, Piece)]) -> Tally {
        let mut tally = Tally::new(Tokenizer::O200kBase);
        pieces.iter().for_each(|(choice, piece)| tally.observe(*choice, piece));
        tally
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn an_answer_counts_the_same_in_however_many_pieces_it_came() {
        let pieces = [text("Hel"), text("lo! How can I ass"), text("ist you to"), text("day?")];
        let streamed = tally(&pieces.map(|piece| (0, piece)));
        let mut whole = tally(&[]);
        let said = Some("Hello! How can I assist you today?".to_owned());
        whole.observe_choice(&Choice { text: said, ..Choice::default() });
        let exactly = Some(Tokenizer::O200kBase);
        for tally in [streamed, whole] {
            assert_eq!(tally.sum(&hello()), Some(Sum { input: 19, output: 10, exactly }));
        }
    }

    #[test]
    fn choices_and_calls_are_counted_apart_and_a_call_is_a_bound() {
        let two = tally(&[(0, text("Hel")), (1, text("Hel")), (0, text("lo")), (1, text("lo"))]);
        let mut asked = hello();
        if let Request::Chat(chat) = &mut asked {
            chat.choices = 2;
        }
        assert_eq!(two.sum(&asked).map(|sum| sum.output), Some(4));
        let part = |name: Option<&str>, arguments: &str| Piece::ToolCall {
            index: 0,
            id: None,
            name: name.map(str::to_owned),
            arguments: arguments.to_owned(),
        };
        let call = tally(&[(0, part(Some("weather"), "{\"ci")), (0, part(None, "ty\":1}"))]);
        let sum = call.sum(&hello()).unwrap();
        assert_eq!((sum.exactly, sum.output > 17), (None, true));
    }

    #[test]
    fn what_is_too_long_is_not_kept_and_not_counted() {
        let mut long = tally(&[]);
        for _ in 0..3 {
            long.observe(0, &text(&"x".repeat(500_000)));
        }
        assert_eq!((long.sum(&hello()), long.said.len()), (None, 0));
        let mut asked = hello();
        if let Request::Chat(chat) = &mut asked {
            chat.messages[1].content = vec![Part::Text("x".repeat(2_000_000))];
        }
        assert_eq!(tally(&[(0, text("Hello!"))]).sum(&asked), None);
    }

    #[test]
    fn a_vector_is_counted_by_its_text_alone() {
        let embed = Request::Embed(EmbedRequest {
            model: "m".to_owned(),
            inputs: Inputs::Texts(vec!["The food was delicious and the waiter...".to_owned()]),
            dimensions: None,
            user: None,
            encoding: Encoding::Float,
        });
        let exactly = Some(Tokenizer::O200kBase);
        assert_eq!(tally(&[]).sum(&embed), Some(Sum { input: 8, output: 0, exactly }));
    }

    #[test]
    fn nothing_of_what_was_said_is_printed() {
        let printed = format!("{:?}", tally(&[(0, text("my secret"))]));
        assert_eq!(printed, "Tally { bytes: 9, .. }");
    }
}
