//! The fence of a run. A worker that stood still while another one took its run over wakes up with a grant that is good
//! still, right before a call that people may have had made again meanwhile.

use policy::Caller;
use types::Code;

use super::count::in_time;
use crate::{gate::Gate, refusal::Refusal};

/// Lets a call pass whose run, if it is one's, is its caller's still. It is asked as the last thing before the call, so
/// that nobody is waited for behind it.
pub(super) async fn pass(gate: &Gate, caller: &Caller) -> Result<(), Refusal> {
    let Some(grant) = &caller.grant else { return Ok(()) };
    let (Some(run), Some(epoch)) = (grant.run, grant.epoch) else { return Ok(()) };
    let work = gate.store.work();
    match in_time(work.is_current(grant.tenant, run, epoch)).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!(
                "another worker has the run {run} by now, or it is over; nothing was called: stop working on it"
            );
            Err(Refusal::new(Code::Unauthenticated, message))
        }
        Err(why) => {
            tracing::warn!(error = %why, %run, "whose a run is cannot be found out; what it calls is refused");
            let message =
                "whether another worker has this run cannot be found out; nothing was called";
            Err(Refusal::new(Code::DependencyUnavailable, message).with_retry_after(5))
        }
    }
}
