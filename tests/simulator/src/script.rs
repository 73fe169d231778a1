//! Which behaviour a call gets.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::{Behaviour, named};

/// What to do from now on, as `POST /_sim/script` takes it.
///
/// A call gets, in this order: the fault that its header or model names, the next of its model's
/// queue, the model's default, the next of the common queue, the common default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// For every call without anything more special.
    pub default: Behaviour,
    /// For the next calls, one entry a call (or `times` calls).
    pub queue: VecDeque<Behaviour>,
    /// By model.
    pub models: HashMap<String, ModelScript>,
    /// Whether the log keeps bodies from now on; unchanged when absent.
    pub keep_bodies: Option<bool>,
}

/// The script of one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelScript {
    /// For every call of the model when its queue is empty.
    pub default: Option<Behaviour>,
    /// For the next calls of the model.
    pub queue: VecDeque<Behaviour>,
}

/// The script in force.
#[derive(Debug, Default)]
pub(crate) struct Stage(Mutex<Script>);

impl Stage {
    pub(crate) fn set(&self, script: Script) {
        *self.lock() = script;
    }

    /// The behaviour of the next call. `Err` is the name of a fault that there is not.
    pub(crate) fn next(&self, header: Option<&str>, model: &str) -> Result<Behaviour, String> {
        if let Some(name) = header {
            return named::named(name).ok_or_else(|| name.to_owned());
        }
        if let Some(fault) = named::of_model(model) {
            return fault;
        }
        let mut script = self.lock();
        if let Some(own) = script.models.get_mut(model)
            && let Some(behaviour) = take(&mut own.queue).or_else(|| own.default.clone())
        {
            return Ok(behaviour);
        }
        let queued = take(&mut script.queue);
        Ok(queued.unwrap_or_else(|| script.default.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(queue: &mut VecDeque<Behaviour>) -> Option<Behaviour> {
    let first = queue.front_mut()?;
    if first.times > 1 {
        first.times -= 1;
        return Some(first.clone());
    }
    queue.pop_front()
}
