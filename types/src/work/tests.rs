use std::collections::HashSet;

use super::*;

/// Every move there is, as rows `from step to`.
#[track_caller]
fn check<S: Copy, M: Copy>(
    (states, name): (&[S], fn(S) -> &'static str),
    (moves, word): (&[M], fn(M) -> &'static str),
    after: fn(S, M) -> Result<S, BadMove>,
    table: &str,
) {
    let expected: HashSet<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    let mut found = HashSet::new();
    for &from in states {
        for &step in moves {
            if let Ok(to) = after(from, step) {
                found.insert(format!("{} {} {}", name(from), word(step), name(to)));
            }
        }
    }
    let differ: Vec<&String> = expected.symmetric_difference(&found).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
fn a_task_moves_along_its_table() {
    check(
        (TaskState::ALL, TaskState::as_str),
        (Move::ALL, Move::as_str),
        TaskState::after,
        "created permit permitted
         created deny denied
         created cancel cancelled
         permitted queue queued
         permitted fail failed
         permitted cancel cancelled
         queued start running
         queued fail failed
         queued cancel cancelled
         running start running
         running wait waiting
         running complete completed
         running fail failed
         running retry permitted
         running bury dead
         running cancel cancelled
         waiting wake queued
         waiting retry permitted
         waiting fail failed
         waiting cancel cancelled
         failed retry permitted
         dead retry permitted",
    );
}

#[test]
fn a_run_moves_along_its_table() {
    check(
        (RunState::ALL, RunState::as_str),
        (Move::ALL, Move::as_str),
        RunState::after,
        "queued start running
         queued fail failed
         queued cancel cancelled
         running start running
         running wait waiting
         running complete completed
         running fail failed
         running retry waiting
         running bury lost
         running cancel cancelled
         waiting wake queued
         waiting retry waiting
         waiting fail failed
         waiting cancel cancelled
         failed retry waiting
         lost retry waiting",
    );
}

#[test]
fn a_step_moves_along_its_table() {
    check(
        (StepState::ALL, StepState::as_str),
        (StepMove::ALL, StepMove::as_str),
        StepState::after,
        "started begin started
         started finish done
         started fail failed
         started wait waiting
         started doubt unknown
         failed begin started
         waiting begin started
         unknown begin started
         unknown finish done
         unknown fail failed
         unknown wait waiting",
    );
}

#[test]
fn an_effect_moves_along_its_table() {
    check(
        (EffectState::ALL, EffectState::as_str),
        (EffectMove::ALL, EffectMove::as_str),
        EffectState::after,
        "planned send sending
         planned abort aborted
         sending send sending
         sending confirm sent
         sending fail failed
         sending hold planned
         sending doubt unknown
         unknown send sending
         unknown confirm sent
         unknown hold planned
         unknown abort aborted
         failed send sending
         failed abort aborted",
    );
}

#[test]
fn what_is_over_moves_by_a_person_alone() {
    for &state in TaskState::ALL {
        let moves = Move::ALL.iter().filter(|step| state.after(**step).is_ok());
        let alone = moves.copied().all(|step| step == Move::Retry);
        assert_eq!(state.is_over(), alone, "{state}");
    }
}
