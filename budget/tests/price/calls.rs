//! Calls at the edges of what a price can say, by name: what one may use and what it used.

use budget::{Asked, Extent};
use types::{ServiceClass, answer::Usage};

use crate::prices::LONG;

pub struct Call {
    pub name: &'static str,
    pub extent: Extent,
    pub usage: Usage,
}

fn call(name: &'static str, extent: Extent, usage: Usage) -> Call {
    Call { name, extent, usage }
}

fn text(input: u64, output: u64) -> Extent {
    Extent { asked: Asked::Only(ServiceClass::Standard), ..Extent::text(input, output, 1) }
}

fn used(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

/// Text in and out.
pub fn plain() -> Vec<Call> {
    let long = text(LONG, 50);
    vec![
        call("nothing was used", text(0, 0), used(0, 0)),
        call("one token in", text(1, 0), used(1, 0)),
        call("one token out", text(0, 1), used(0, 1)),
        call("one token each", text(1, 1), used(1, 1)),
        call("all that was held", text(777, 333), used(777, 333)),
        call("less than was held", text(777, 333), used(100, 20)),
        call("a million tokens", text(1_000_000, 1_000_000), used(1_000_000, 1_000_000)),
        call("one below a million", text(999_999, 999_999), used(999_999, 999_999)),
        call("one below the tier", text(LONG - 1, 50), used(LONG - 1, 50)),
        call("at the tier's edge", long, used(LONG, 50)),
        call("the tier's first token", text(LONG + 1, 50), used(LONG + 1, 50)),
        call("held for the tier, used below", text(LONG + 1, 50), used(LONG, 50)),
        call("above every tier", text(400_000, 50), used(400_000, 50)),
        call("four choices", Extent { choices: 4, ..long }, used(LONG, 200)),
        call("no choice counts as one", Extent { choices: 0, ..long }, used(LONG, 50)),
        call("no output limit reached", text(10, 100_000), used(10, 1)),
    ]
}

/// Tokens of the cache and of reasoning, well told and badly.
pub fn kinds() -> Vec<Call> {
    let extent = text(900, 90);
    let kept = Extent { cache_1h: true, ..extent };
    let base = used(900, 90);
    vec![
        call("all from the cache", extent, Usage { cached: 900, ..base }),
        call("one from the cache", extent, Usage { cached: 1, ..base }),
        call("all but one from the cache", extent, Usage { cached: 899, ..base }),
        call("all written to the cache", extent, Usage { cache_write: 900, ..base }),
        call("one written to the cache", extent, Usage { cache_write: 1, ..base }),
        call("half read, half written", extent, Usage { cached: 450, cache_write: 450, ..base }),
        call("read and written overlap", extent, Usage { cached: 800, cache_write: 800, ..base }),
        call("more from the cache than came in", extent, Usage { cached: 5_000, ..base }),
        call("more written than came in", extent, Usage { cache_write: u64::MAX, ..base }),
        call("kept for an hour", kept, Usage { cache_write: 900, cache_write_1h: 900, ..base }),
        call("one kept for an hour", kept, Usage { cache_write: 1, cache_write_1h: 1, ..base }),
        call("an hour was asked for, minutes were used", kept, Usage { cache_write: 900, ..base }),
        call(
            "an hour that is told apart only",
            kept,
            Usage { cache_write: 0, cache_write_1h: 900, ..base },
        ),
        call(
            "kept for an hour, beyond all writes",
            kept,
            Usage { cache_write: 10, cache_write_1h: u64::MAX, ..base },
        ),
        call(
            "an hour, minutes and reads at once",
            kept,
            Usage { cached: 300, cache_write: 500, cache_write_1h: 250, ..base },
        ),
        call(
            "an hour above the tier",
            Extent { cache_1h: true, ..text(LONG + 1, 9) },
            Usage { cache_write: LONG + 1, cache_write_1h: LONG + 1, ..used(LONG + 1, 9) },
        ),
        call("all output is reasoning", extent, Usage { reasoning: 90, ..base }),
        call("more reasoning than output", extent, Usage { reasoning: 91, ..base }),
        call("one token of reasoning", extent, Usage { reasoning: 1, ..base }),
        call(
            "everything at once",
            extent,
            Usage { cached: 300, cache_write: 300, reasoning: 45, ..base },
        ),
        call(
            "the cache above the tier",
            text(LONG + 1, 9),
            Usage { cached: LONG + 1, ..used(LONG + 1, 9) },
        ),
        call(
            "writes above the tier",
            text(LONG + 1, 9),
            Usage { cache_write: LONG + 1, reasoning: 9, ..used(LONG + 1, 9) },
        ),
    ]
}

/// Audio and images, where a price has them.
pub fn media() -> Vec<Call> {
    let heard = Extent { audio_input: true, ..text(900, 90) };
    let spoken = Extent { audio_output: true, ..text(900, 90) };
    let both = Extent { audio_input: true, audio_output: true, ..text(900, 90) };
    let seen = Extent { images: 2, ..text(900, 90) };
    let drawn = Extent { image_output: true, ..text(900, 90) };
    let base = used(900, 90);
    vec![
        call("all input is audio", heard, Usage { audio_input: 900, ..base }),
        call("one token of audio", heard, Usage { audio_input: 1, ..base }),
        call("audio was allowed, text was used", heard, base),
        call(
            "all audio from the cache",
            heard,
            Usage { audio_input: 900, cached: 900, cached_audio: 900, ..base },
        ),
        call(
            "audio and cache overlap untold",
            heard,
            Usage { audio_input: 900, cached: 900, ..base },
        ),
        call(
            "more cached audio than audio",
            heard,
            Usage { audio_input: 10, cached: 10, cached_audio: 5_000, ..base },
        ),
        call("all output is audio", spoken, Usage { audio_output: 90, ..base }),
        call(
            "speech and reasoning overlap",
            spoken,
            Usage { audio_output: 90, reasoning: 90, ..base },
        ),
        call(
            "audio in and out",
            both,
            Usage { audio_input: 450, audio_output: 45, cached: 450, ..base },
        ),
        call("all input is images", seen, Usage { image_input: 900, images: 2, ..base }),
        call("images given, none told", seen, Usage { images: 2, ..base }),
        call("one image of two", seen, Usage { image_input: 85, images: 1, ..base }),
        call("all output is images", drawn, Usage { image_output: 90, ..base }),
        call("more image than output", drawn, Usage { image_output: 91, ..base }),
    ]
}

/// Classes of service, asked for or not.
pub fn classes() -> Vec<Call> {
    use ServiceClass::{Batch, Flex, Priority, Standard};
    let asked = |asked| Extent { asked, ..text(900, 90) };
    let billed = |class| Usage { class, ..used(900, 90) };
    let only = Asked::Only;
    vec![
        call("the provider chose standard", asked(Asked::Auto), billed(Standard)),
        call("standard was asked for", asked(only(Standard)), billed(Standard)),
        call("flex was asked for, standard billed", asked(only(Flex)), billed(Standard)),
        call("flex was asked for", asked(only(Flex)), billed(Flex)),
        call("the provider chose flex", asked(Asked::Auto), billed(Flex)),
        call("priority was asked for", asked(only(Priority)), billed(Priority)),
        call("priority was asked for, standard billed", asked(only(Priority)), billed(Standard)),
        call("the provider chose priority", asked(Asked::Auto), billed(Priority)),
        call("a batch", asked(only(Batch)), billed(Batch)),
        call(
            "priority at the tier's edge",
            Extent { asked: only(Priority), ..text(LONG, 9) },
            Usage { class: Priority, ..used(LONG, 9) },
        ),
        call(
            "priority above the tier",
            Extent { asked: only(Priority), ..text(LONG + 1, 9) },
            Usage { class: Priority, cache_write: LONG + 1, ..used(LONG + 1, 9) },
        ),
        call(
            "the provider chose flex above the tier",
            Extent { asked: Asked::Auto, ..text(LONG + 1, 9) },
            Usage { class: Flex, reasoning: 9, ..used(LONG + 1, 9) },
        ),
    ]
}

/// What is paid beside tokens.
pub fn fees() -> Vec<Call> {
    let timed = Extent { seconds: 61, ..text(900, 90) };
    let base = used(900, 90);
    vec![
        call("the whole time limit", timed, Usage { seconds: 61, ..base }),
        call("one second", timed, Usage { seconds: 1, ..base }),
        call("no time at all", timed, base),
        call(
            "seconds and no tokens",
            Extent { seconds: 7, ..text(0, 0) },
            Usage { seconds: 7, ..used(0, 0) },
        ),
        call(
            "an image of no tokens",
            Extent { images: 1, ..text(1, 1) },
            Usage { images: 1, ..used(1, 1) },
        ),
        call(
            "a hundred images",
            Extent { images: 100, ..text(900, 90) },
            Usage { images: 100, ..base },
        ),
        call("no search was made", Extent { searches: true, ..text(900, 90) }, base),
        call(
            "three searches found all they may",
            Extent { searches: true, ..text(900, 90) },
            Usage { searches: 3, ..used(900 + 24_000, 90) },
        ),
        call(
            "what was found reaches the tier",
            Extent { searches: true, ..text(1, 1) },
            Usage { searches: 1, ..used(LONG + 1, 1) },
        ),
        call(
            "images, searches and seconds",
            Extent { searches: true, images: 3, seconds: 9, ..text(900, 90) },
            Usage { searches: 2, images: 3, seconds: 9, ..base },
        ),
    ]
}

pub fn all() -> Vec<Call> {
    [plain(), kinds(), media(), classes(), fees()].into_iter().flatten().collect()
}
