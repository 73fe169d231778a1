//! What opens a door.

mod ai;
mod cloud;
mod code;
mod data;
mod form;
mod identity;
mod messaging;
mod payment;
mod pipeline;
mod public;
mod social;
mod watch;
mod work;

pub(super) use self::{
    ai::AI, cloud::CLOUD, code::CODE, data::DATA, form::FORM, identity::IDENTITY,
    messaging::MESSAGING, payment::PAYMENT, pipeline::PIPELINE, public::PUBLIC, social::SOCIAL,
    watch::WATCH, work::WORK,
};
