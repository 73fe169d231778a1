//! Signals: the first asks for an orderly end, the second ends at once.

use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Cancels `stop` at the first SIGTERM or SIGINT and exits at the second.
///
/// # Errors
/// Where the system lets nobody listen for signals.
pub(super) fn listen(stop: CancellationToken) -> std::io::Result<JoinHandle<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::spawn(async move {
        let mut either = async || {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        either().await;
        tracing::info!("stopping: running answers may end; a second signal ends at once");
        stop.cancel();
        either().await;
        tracing::warn!("ended at once; the ledger's reaper resolves what was running");
        std::process::exit(1);
    }))
}
