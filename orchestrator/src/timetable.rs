//! The Timetable: begins what agents do by the schedules of the tree.

use config::tree::{Misfire, ScheduleFile};
use serde_json::json;
use snapshot::Snapshot;
use store::{
    Wakes,
    work::{NewTask, Occurred, Work},
};
use tokio_util::sync::CancellationToken;
use types::{Payload, Priority, Timestamp};

use crate::{Error, Parts, watch::Pauses};

/// The Timetable.
pub struct Timetable {
    parts: Parts,
}

impl Timetable {
    /// A timetable, not yet running.
    pub const fn build(parts: Parts) -> Self {
        Self { parts }
    }

    /// Runs until the end.
    pub async fn run(self, end: CancellationToken) {
        let work = self.parts.store.work();
        let mut pauses = Pauses::of(&self.parts, "timetable", Wakes::NOTHING, end);
        loop {
            let looked = self.look(&work).await;
            // Nothing but the clock makes a time come.
            if !pauses.wait(std::future::pending(), looked).await {
                break;
            }
        }
    }

    async fn look(&self, work: &Work) -> Result<bool, Error> {
        let snapshot = self.parts.snapshots.load();
        for schedule in snapshot.schedules.values().filter(|schedule| schedule.enabled) {
            begin(work, &snapshot, schedule).await?;
        }
        Ok(false)
    }
}

/// Claims the times of one schedule that have come. Whoever inserts a time has it: two timetables do it once.
async fn begin(work: &Work, snapshot: &Snapshot, schedule: &ScheduleFile) -> Result<(), Error> {
    let (tenant, name) = (snapshot.tenant, schedule.name.as_str());
    let Some(agent) = snapshot.agent_by_name(&schedule.agent) else { return Ok(()) };
    let Occurred { now, last, open } = work.occurred(tenant, name).await?;
    let Some(last) = last else {
        // What is new begins with the next time, not with those before it was written.
        work.occur(tenant, (name, now), None).await?;
        return Ok(());
    };
    if open && !schedule.overlap {
        return Ok(());
    }
    let (run, passed) = due(schedule, last, now);
    for at in passed {
        work.occur(tenant, (name, at), None).await?;
    }
    for at in run {
        let task = NewTask {
            tenant,
            agent: agent.id,
            person: String::new(),
            trusted: true,
            input: input(schedule, at),
            priority: Priority::Batch,
            trace: None,
        };
        let begun = work.occur(tenant, (name, at), Some(&task)).await?;
        // The next one waits for this one's end.
        if begun && !schedule.overlap {
            return Ok(());
        }
    }
    Ok(())
}

/// The times behind the last one that has come, up to now: those that run, and those that are passed over.
fn due(
    schedule: &ScheduleFile,
    last: Timestamp,
    now: Timestamp,
) -> (Vec<Timestamp>, Vec<Timestamp>) {
    let mut times = Vec::new();
    let mut at = last;
    while let Some(next) = schedule.next(at).filter(|next| *next <= now) {
        times.push(next);
        if times.len() > KEPT_MAX {
            times.remove(0);
        }
        at = next;
    }
    // The newest one has just come, unless nobody looked for longer than a minute.
    let late = times.last().is_some_and(|newest| now.0.saturating_sub(newest.0) > LATE_MICROS);
    let keep = match schedule.misfire {
        Misfire::Skip => usize::from(!late),
        Misfire::Once => 1,
        Misfire::All(most) => usize::try_from(most).unwrap_or(KEPT_MAX),
    };
    let run = times.split_off(times.len().saturating_sub(keep));
    (run, times)
}

/// The most times that are looked at after a long pause.
const KEPT_MAX: usize = 1_000;
/// From this on a time has been missed, in microseconds.
const LATE_MICROS: i64 = 60_000_000;

fn input(schedule: &ScheduleFile, at: Timestamp) -> Payload {
    let value =
        json!({ "text": schedule.message, "schedule": schedule.name, "due_at": at.to_string() });
    Payload::Inline {
        content_type: "application/json".to_owned(),
        size_bytes: value.to_string().len() as u64,
        inline: value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn schedule(misfire: Misfire) -> ScheduleFile {
        ScheduleFile {
            name: "report".to_owned(),
            file: "schedules/report.toml".to_owned(),
            cron: "* * * * *".to_owned(),
            zone: "UTC".to_owned(),
            agent: "reporter".to_owned(),
            message: "Write it.".to_owned(),
            misfire,
            overlap: false,
            enabled: true,
        }
    }

    #[track_caller]
    fn check(misfire: Misfire, now: i64, run: &[i64], passed: usize) {
        let (due, over) = due(&schedule(misfire), Timestamp(0), Timestamp(now));
        let due: Vec<i64> = due.iter().map(|at| at.0 / MINUTE).collect();
        assert_eq!((due.as_slice(), over.len()), (run, passed));
    }

    #[test]
    fn what_was_missed_is_made_up_for_as_the_schedule_says() {
        let now = 5 * MINUTE + 1;
        check(Misfire::Once, now, &[5], 4);
        check(Misfire::All(3), now, &[3, 4, 5], 2);
        check(Misfire::All(9), now, &[1, 2, 3, 4, 5], 0);
        check(Misfire::Skip, now, &[5], 4);
        check(Misfire::Once, MINUTE - 1, &[], 0);
    }

    #[test]
    fn a_time_that_is_long_over_is_skipped() {
        let hourly = ScheduleFile { cron: "0 * * * *".to_owned(), ..schedule(Misfire::Skip) };
        let (run, passed) = due(&hourly, Timestamp(0), Timestamp(90 * MINUTE));
        assert_eq!((run.len(), passed.len()), (0, 1));
        let (run, _) = due(&hourly, Timestamp(0), Timestamp(60 * MINUTE + 5));
        assert_eq!(run.len(), 1);
    }
}
