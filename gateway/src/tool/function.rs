//! The functions of a model's answers: each call that a model wants made is decided before whoever would run
//! it hears of it, and what comes back as a result is known for what it is.
//!
//! INVARIANT: no call of a function reaches a caller before policy permitted it with these arguments, however
//! the answer came: whole, streamed or given again.

mod decide;
mod denied;
mod facts;
mod flow;
mod heard;
mod hold;
mod judge;
mod record;

pub(crate) use flow::Flow;
pub(crate) use judge::Judge;

use std::ops::Deref;

use snapshot::{Tool, Tools};

/// The tool behind the name of a function.
enum Named<'s> {
    /// The tree speaks of it.
    Known(&'s Tool),
    /// It is the caller's own, and nothing is known of what it does.
    Undeclared(Box<Tool>),
}

impl<'s> Named<'s> {
    fn of(tools: &'s Tools, name: &str) -> Self {
        let known = tools.by_model_name(name).or_else(|| tools.function(name));
        known.map_or_else(|| Self::Undeclared(Box::new(Tool::undeclared(name))), Self::Known)
    }

    const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}

impl Deref for Named<'_> {
    type Target = Tool;

    fn deref(&self) -> &Tool {
        match self {
            Self::Known(tool) => tool,
            Self::Undeclared(tool) => tool,
        }
    }
}
