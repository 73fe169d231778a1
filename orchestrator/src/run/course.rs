//! Where a run is in the stages of its loop, and which of them comes next.

use std::borrow::Cow;

use config::tree::Stage;

use super::step::{Stop, Worker};

/// The stages of a run, and where it is in them.
pub(crate) struct Course<'a> {
    stages: Cow<'a, [Stage]>,
    at: usize,
    /// How often each stage has sent the work back.
    redone: Vec<usize>,
}

impl<'a> Course<'a> {
    /// The stages of the agent's loop; one without a name where it has none.
    pub(crate) fn of(worker: &Worker<'a>) -> Result<Self, Stop> {
        let stages = match worker.agent.work.loop_spec.as_ref() {
            Some(name) => {
                let spec = worker.snapshot.loops.get(name);
                let gone = || Stop::fail(&format!("the loop `{name}` is no longer defined"));
                Cow::Borrowed(spec.ok_or_else(gone)?.stages.as_slice())
            }
            None => Cow::Owned(vec![Stage::whole()]),
        };
        Ok(Self::along(stages))
    }

    fn along(stages: Cow<'a, [Stage]>) -> Self {
        Self { redone: vec![0; stages.len()], stages, at: 0 }
    }

    /// The stage that the run is in.
    pub(crate) fn stage(&self) -> Option<&Stage> {
        self.stages.get(self.at)
    }

    /// Whether what the stage answers is sure to be the answer of the run.
    pub(crate) fn is_last(&self) -> bool {
        self.at + 1 >= self.stages.len() && !self.may_redo()
    }

    /// Goes to where an answer of the stage leads. `false` where that is the end.
    pub(crate) fn advance(&mut self, answer: &str) -> bool {
        let back = self.stage().and_then(|stage| stage.redo.as_ref());
        let back = back.filter(|redo| self.may_redo() && redo.is_wanted(answer));
        let back = back.map(|redo| redo.stage);
        if let Some(redone) = self.redone.get_mut(self.at) {
            *redone += usize::from(back.is_some());
        }
        self.at = back.unwrap_or(self.at + 1);
        self.at < self.stages.len()
    }

    fn may_redo(&self) -> bool {
        let redo = self.stage().and_then(|stage| stage.redo.as_ref());
        let redone = self.redone.get(self.at).copied().unwrap_or_default();
        redo.is_some_and(|redo| redone < redo.times)
    }
}

#[cfg(test)]
mod tests {
    use config::tree::Redo;

    use super::*;

    fn stage(name: &str, redo: Option<Redo>) -> Stage {
        Stage { name: name.to_owned(), redo, ..Stage::whole() }
    }

    /// The stages that are gone through, with the answer of each.
    fn walk(stages: Vec<Stage>, answers: &[&str]) -> Vec<(String, bool)> {
        let mut course = Course::along(Cow::Owned(stages));
        let mut seen = Vec::new();
        for answer in answers {
            seen.push((course.stage().unwrap().name.clone(), course.is_last()));
            if !course.advance(answer) {
                return seen;
            }
        }
        panic!("the course goes on: {seen:?}");
    }

    #[test]
    fn an_agent_without_a_loop_has_one_stage() {
        assert_eq!(walk(vec![Stage::whole()], &["done"]), [(String::new(), true)]);
    }

    #[test]
    fn work_goes_back_as_often_as_the_stage_says() {
        let redo = Redo { word: "REDO".to_owned(), stage: 0, times: 1 };
        let stages = || vec![stage("work", None), stage("check", Some(redo.clone()))];
        let names = |seen: Vec<(String, bool)>| -> Vec<String> {
            let word = |(name, last): (String, bool)| if last { format!("{name}!") } else { name };
            seen.into_iter().map(word).collect()
        };
        assert_eq!(names(walk(stages(), &["one", "PASS"])), ["work", "check"]);
        let back = walk(stages(), &["one", "REDO: no", "two", "REDO: still no"]);
        assert_eq!(names(back), ["work", "check", "work", "check!"]);
    }
}
