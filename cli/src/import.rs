//! Other gateways' configurations, turned into files of the policy tree.
//!
//! INVARIANT: what is not carried over is told. Everything in the file is either in [`Imported::files`],
//! in [`Imported::commands`] or named in [`Imported::left`].

mod cloud;
mod deployment;
mod endpoint;
pub(crate) mod litellm;
mod reader;

use std::collections::BTreeMap;

use serde::Serialize;

/// What became of a configuration.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Imported {
    /// Files of the tree by their path in it.
    pub(crate) files: BTreeMap<String, String>,
    /// What cannot be said in files: commands for a running server.
    pub(crate) commands: Vec<String>,
    /// What was not carried over.
    pub(crate) left: Vec<Left>,
}

/// Something that was not carried over, or was only in part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Left {
    /// Where it stands, such as `model_list[2].litellm_params.rpm`.
    pub(crate) place: String,
    /// Why, and what to do.
    pub(crate) why: String,
}
