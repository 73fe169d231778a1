//! Budgets as pure arithmetic: what a call may cost at worst, and whether every account on its path
//! has room for that. `ledger.md` is the specification; `store` writes what [`Books`] decides.
//!
//! The promise: `settled + held <= cap` in every account after every operation. True spend stays
//! within the target as long as the provider honours the token limit that we send and the price
//! is an upper bound; whatever breaks that is counted in [`Account::overrun`].
//!
//! Nothing here reads a clock, a file or a socket, and no float ever holds money.
#![deny(clippy::float_arithmetic)]

mod account;
mod books;
mod bound;
mod catalogue;
mod comparison;
mod counted;
mod export;
mod extent;
mod forecast;
mod fund;
mod hold;
mod input;
mod ledger;
mod measure;
mod op;
mod price;
mod rates;
mod rollover;
mod slice;

pub use account::{Account, AccountKey, Broken, CapSpec, Period, Scope, Window};
pub use books::Books;
pub use bound::{Unpriced, affordable_output, bound, cost, dearest_class, routed, saved};
pub use catalogue::{Catalogue, Entry, Fault, Limits};
pub use comparison::{Call, Comparison, EDGE, Findings, Found, Shares};
pub use counted::{Counted, Said, counted_embed, counted_input, counted_output};
pub use export::{
    Bucket, EXPORT_BYTES_MAX, EXPORT_LINES_MAX, Export, Length, Line, Source, Width, undated,
};
pub use extent::{Asked, Extent};
pub use forecast::forecast;
pub use fund::{Counter, Fund, Short};
pub use hold::{BadStep, Charge, Hold, HoldEvent, HoldState};
pub use input::{
    FILE_TOKENS_MAX, IMAGE_TOKENS_MAX, PartTokens, embed_bound, embed_lengths, input_bound,
    input_bound_with,
};
/// A time zone, for windows that begin at a tenant's own midnight.
pub use jiff::tz::TimeZone as Zone;
pub use ledger::{Basis, LedgerKind, LedgerRow};
pub use op::{Backing, HoldAsk, Op, Outcome, Refusal, Share};
pub use price::{Fees, Price, Schedule, SearchFee, Tier};
pub use rates::{Kind, Rates};
pub use rollover::{Rollover, opening_target, passed_on, rollover};
pub use slice::{Slice, SliceAsk, SliceState};
