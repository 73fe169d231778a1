//! What a call may cost at worst, and what it did cost.
//!
//! INVARIANT: within the same extent the bound is never below the cost. Both are one sum, in
//! millionths of a nano-dollar, less the discount, rounded up once.

use types::{Discount, MoneyError, Nanos, NanosPerMillion, ServiceClass, answer::Usage};

use crate::{
    extent::{Asked, Extent},
    price::{Fees, Price},
    rates::{Kind, Rates},
};

/// Why there is no figure. Never zero: what has no price cannot be called under a hard cap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    /// The model is not priced in the class of service.
    #[error("the price has no class `{0}`")]
    Class(ServiceClass),
    /// A kind of token has no rate, in a class, at the input's length.
    #[error("the price has no rate for `{kind}` in class `{class}`")]
    Kind {
        /// The kind.
        kind: Kind,
        /// The class.
        class: ServiceClass,
    },
    /// The provider may search, and what that costs is not known.
    #[error("the price has no fee for searches")]
    Search,
    /// The amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The worst case of a call: the dearest input and output that its extent can reach, over every
/// class that it may be billed in and every tier, and every fee.
///
/// # Errors
/// [`Unpriced`].
pub fn bound(price: &Price, extent: &Extent) -> Result<Nanos, Unpriced> {
    let (input, output) = dearest(price, extent)?;
    let tokens = u128::from(extent.output).saturating_mul(u128::from(extent.choices.max(1)));
    let sum = fixed(price, extent, input)?;
    Ok(paid(add(sum, micro(tokens, output)?)?, price.discount)?)
}

/// What a call did cost in the class of service that its usage names.
///
/// Where the kinds of input overlap or add up to more than the whole (audio that came from the
/// cache), the dearest kind is counted first, so that the cost is never too low and never beyond
/// what [`bound`] reserved for the same number of tokens.
///
/// # Errors
/// [`Unpriced`].
pub fn cost(price: &Price, usage: &Usage) -> Result<Nanos, Unpriced> {
    cost_of_many(price, usage, (1, usage.input))
}

/// What so many calls did cost that used all of this together, where the input of each was so long.
pub(crate) fn cost_of_many(
    price: &Price,
    usage: &Usage,
    (calls, input): (u64, u64),
) -> Result<Nanos, Unpriced> {
    let class = usage.class;
    let rates = price.schedule(class).ok_or(Unpriced::Class(class))?.at(input);
    let audio = usage.audio_input.saturating_sub(usage.cached_audio);
    let input = [
        (usage.cached.saturating_sub(usage.cached_audio), Kind::CachedInput),
        (usage.cache_write.saturating_sub(usage.cache_write_1h), Kind::CacheWrite),
        (usage.cache_write_1h, Kind::CacheWrite1h),
        (usage.image_input, Kind::ImageInput),
        (audio, Kind::AudioInput),
        (usage.cached_audio, Kind::CachedAudio),
    ];
    let output = [
        (usage.reasoning, Kind::Reasoning),
        (usage.image_output, Kind::ImageOutput),
        (usage.audio_output, Kind::AudioOutput),
    ];
    let rate = |kind| rates.get(kind).ok_or(Unpriced::Kind { kind, class });
    let input = split(usage.input, Kind::Input, input, rate)?;
    let output = split(usage.output, Kind::Output, output, rate)?;
    let counts = [calls, usage.images, usage.searches, usage.seconds];
    let fees = fees(&price.fees, counts)?;
    Ok(paid(add(add(input, output)?, fees)?, price.discount)?)
}

/// The class that a call is charged in whose provider did not say: the dearest of those that it may
/// be billed in.
pub fn dearest_class(price: &Price, usage: &Usage, asked: Asked) -> ServiceClass {
    let cost_in = |class| cost(price, &Usage { class, ..*usage }).ok();
    let classes = asked.billed(price).map(|(class, _)| class);
    classes.max_by_key(|class| cost_in(*class)).unwrap_or_default()
}

/// What the input that came from the provider's cache would have cost more as plain input; nothing
/// where the cache costs as much, or where the two cannot be told.
pub fn saved(price: &Price, usage: &Usage) -> Nanos {
    let plain = Usage { cached: 0, cached_audio: 0, ..*usage };
    match (cost(price, &plain), cost(price, usage)) {
        (Ok(plain), Ok(paid)) => Nanos(plain.0.saturating_sub(paid.0).max(0)),
        (Err(_), _) | (_, Err(_)) => Nanos::ZERO,
    }
}

/// What a usage would have cost more at another model's price; less than nothing where that is cheaper, and nothing
/// where it has no price there.
pub fn routed(beside: &Price, usage: &Usage, paid: Nanos) -> Nanos {
    // Another provider has service classes of its own. What the cache saved is told apart, so that as much of the
    // input is taken for cached there, if the two can be told there.
    let there = Usage { class: ServiceClass::default(), ..*usage };
    let plain = Usage { cached: 0, cached_audio: 0, ..there };
    let cost = cost(beside, &there).or_else(|_| cost(beside, &plain));
    cost.map_or(Nanos::ZERO, |cost| Nanos(cost.0.saturating_sub(paid.0)))
}

/// The most output tokens per choice that `room` pays for, so that the limit sent upstream can be
/// clamped to it, whatever limit `extent` has; `None` if not even one. [`u64::MAX`] where output is
/// free.
pub fn affordable_output(price: &Price, extent: &Extent, room: Nanos) -> Option<u64> {
    let (input, output) = dearest(price, &Extent { output: 1, ..*extent }).ok()?;
    let room = u128::try_from(room.0).ok()?.checked_mul(MICRO)?;
    // INVARIANT: the largest sum that, less the discount and rounded up, is not beyond the room.
    let room = room.checked_mul(WHOLE)?.checked_div(u128::from(price.discount.paid()))?;
    let left = room.checked_sub(fixed(price, extent, input).ok()?)?;
    let each = micro(u128::from(extent.choices.max(1)), output).ok()?;
    let Some(tokens) = left.checked_div(each) else { return Some(u64::MAX) };
    Some(u64::try_from(tokens).unwrap_or(u64::MAX)).filter(|tokens| *tokens > 0)
}

/// Prices are per million, so a token times its rate is in millionths of a nano-dollar.
const MICRO: u128 = 1_000_000;
/// Basis points of a price without discount.
const WHOLE: u128 = Discount::WHOLE as u128;

/// The dearest rate of input and of output that an extent can reach. They may come from different
/// tiers and classes; the bound is then a little higher than any real request can cost.
fn dearest(price: &Price, extent: &Extent) -> Result<(NanosPerMillion, NanosPerMillion), Unpriced> {
    let length = extent.input.saturating_add(found(price, extent)?);
    let mut dearest = (NanosPerMillion(0), NanosPerMillion(0));
    for (class, needed) in extent.asked.billed(price) {
        let schedule = match price.schedule(class) {
            Some(schedule) => schedule,
            None if needed => return Err(Unpriced::Class(class)),
            None => continue,
        };
        for rates in schedule.reachable(length) {
            let input = dearest_of(rates, class, needed, extent.input_kinds())?;
            let output = dearest_of(rates, class, needed, extent.output_kinds())?;
            dearest = (dearest.0.max(input), dearest.1.max(output));
        }
    }
    Ok(dearest)
}

/// The dearest rate of some kinds. In a class that need not have a price, a call of the kinds that have
/// one can be billed all the same, so that these count.
fn dearest_of(
    rates: &Rates,
    class: ServiceClass,
    needed: bool,
    mut kinds: impl Iterator<Item = Kind>,
) -> Result<NanosPerMillion, Unpriced> {
    kinds.try_fold(NanosPerMillion(0), |dearest, kind| match rates.get(kind) {
        Some(rate) => Ok(rate.max(dearest)),
        None if needed => Err(Unpriced::Kind { kind, class }),
        None => Ok(dearest),
    })
}

/// Input tokens that searches add.
fn found(price: &Price, extent: &Extent) -> Result<u64, Unpriced> {
    if !extent.searches {
        return Ok(0);
    }
    let fee = price.fees.search.ok_or(Unpriced::Search)?;
    Ok(fee.searches_max.saturating_mul(fee.tokens_max))
}

/// What a call costs at worst before its first token of output.
fn fixed(price: &Price, extent: &Extent, input: NanosPerMillion) -> Result<u128, Unpriced> {
    let length = extent.input.saturating_add(found(price, extent)?);
    let searches = match price.fees.search {
        Some(fee) if extent.searches => fee.searches_max,
        _ => 0,
    };
    let fees = fees(&price.fees, [1, extent.images, searches, extent.seconds])?;
    Ok(add(micro(u128::from(length), input)?, fees)?)
}

fn fees(fees: &Fees, [calls, images, searches, seconds]: [u64; 4]) -> Result<u128, Unpriced> {
    let search = match fees.search {
        Some(fee) => fee.each,
        None if searches > 0 => return Err(Unpriced::Search),
        None => Nanos::ZERO,
    };
    let counted =
        [(calls, fees.request), (images, fees.image), (searches, search), (seconds, fees.second)];
    let sum = counted.into_iter().try_fold(0_u128, |sum, (count, Nanos(each))| {
        add(sum, micro(u128::from(count), NanosPerMillion(each))?)
    })?;
    sum.checked_mul(MICRO).ok_or(Unpriced::Money(MoneyError::Overflow))
}

/// The cost of `all` tokens of which some are of a kind with its own rate.
fn split<const N: usize>(
    all: u64,
    plain: Kind,
    kinds: [(u64, Kind); N],
    rate: impl Fn(Kind) -> Result<NanosPerMillion, Unpriced>,
) -> Result<u128, Unpriced> {
    let mut priced = [(0, NanosPerMillion(0)); N];
    for (place, (tokens, kind)) in priced.iter_mut().zip(kinds) {
        if tokens > 0 {
            *place = (tokens, rate(kind)?);
        }
    }
    priced.sort_by_key(|(_, rate)| std::cmp::Reverse(*rate));
    let (mut left, mut sum) = (all, 0);
    for (tokens, rate) in priced {
        let tokens = tokens.min(left);
        left = left.saturating_sub(tokens);
        sum = add(sum, micro(u128::from(tokens), rate)?)?;
    }
    match left {
        0 => Ok(sum),
        left => Ok(add(sum, micro(u128::from(left), rate(plain)?)?)?),
    }
}

fn add(a: u128, b: u128) -> Result<u128, MoneyError> {
    a.checked_add(b).ok_or(MoneyError::Overflow)
}

fn micro(tokens: u128, rate: NanosPerMillion) -> Result<u128, MoneyError> {
    let rate = u128::try_from(rate.0).map_err(|_| MoneyError::Overflow)?;
    tokens.checked_mul(rate).ok_or(MoneyError::Overflow)
}

/// The whole less the discount, rounded up once.
fn paid(micro: u128, discount: Discount) -> Result<Nanos, MoneyError> {
    let paid = micro.checked_mul(u128::from(discount.paid())).ok_or(MoneyError::Overflow)?;
    let nanos = paid.div_ceil(MICRO * WHOLE);
    i64::try_from(nanos).map(Nanos).map_err(|_| MoneyError::Overflow)
}
