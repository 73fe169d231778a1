//! The words that a guess goes by. English, since most instructions are, whatever language the data is in;
//! a request in another language is judged by its form alone.

/// What a word is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// Work that needs many steps of thought.
    Reasoning,
    /// Programs.
    Code,
    /// Work that every model does well.
    Routine,
    /// Something that an answer must hold to.
    Condition,
}

impl Topic {
    /// Points for the first word, for each other one, and in all at most.
    pub(super) const fn points(self) -> (i32, i32, i32) {
        match self {
            Self::Reasoning => (24, 2, 30),
            Self::Code => (8, 2, 12),
            Self::Routine => (-4, 0, -4),
            Self::Condition => (5, 1, 6),
        }
    }
}

/// The topic of a word in small letters, with the entry that names it.
pub(super) fn known(word: &str) -> Option<(Topic, &'static str)> {
    let lists = [
        (Topic::Reasoning, REASONING),
        (Topic::Code, CODE),
        (Topic::Routine, ROUTINE),
        (Topic::Condition, CONDITION),
    ];
    lists.into_iter().find_map(|(topic, list)| {
        let entry = list.split_ascii_whitespace().find(|entry| matches(word, entry))?;
        Some((topic, entry))
    })
}

/// An entry is the beginning of a word; with `.` at its end it is the whole word.
fn matches(word: &str, entry: &str) -> bool {
    entry.strip_suffix('.').map_or_else(|| word.starts_with(entry), |whole| word == whole)
}

const REASONING: &str = "\
    prove. proof. proofs. theorem lemma deriv induction counterexample optimal optimis optimiz \
    minimis minimiz maximis maximiz algorithm complexity asymptotic concurren deadlock livelock \
    lineariz linearis invariant distributed consensus probabilit combinat integral differential \
    eigen recurrence puzzle deduc diagnos architect tradeoff strateg vulnerab exploit migrat simulat \
    schedul equilibri causal rigor critique contradict hypothes paradox feasib backtrack starvation \
    atomic race. races. idempoten sharding quorum";

const CODE: &str = "\
    function implement code. bug. bugs. debug compil refactor sql. regex script python rust. \
    typescript javascript java. golang bash endpoint async thread struct. method program pytest \
    postgres docker kubernetes parser iterator recursi cache. panic exception traceback stacktrace \
    borrow generic trait.";

const ROUTINE: &str = "\
    classify classification categor label extract translat summar sentiment rephrase rewrite reword \
    proofread spelling title. headline tagline greeting convert capital define definition synonym \
    language. shorten list. format. yes. thank";

const CONDITION: &str = "\
    must exactly least most. only without unless except never each every between neither both \
    distinct given subject constraint assum guarantee";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_topic_and_no_entry_hides_another() {
        let all = [REASONING, CODE, ROUTINE, CONDITION].join(" ");
        for entry in all.split_ascii_whitespace() {
            let word = entry.trim_end_matches('.');
            assert_eq!(known(word).map(|(_, by)| by), Some(entry), "{entry} is never looked at");
        }
        assert_eq!(known("provide"), None);
        assert_eq!(known("proofread").map(|(topic, _)| topic), Some(Topic::Routine));
    }
}
