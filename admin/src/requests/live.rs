//! Requests as they end, as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, stream};
use policy::Operation;
use store::requests::{Page, Wanted};
use tokio::sync::OwnedSemaphorePermit;

use super::{RequestFilter, line, wanted};
use crate::{
    body::Ask,
    desk::{Act, Desk},
    error::{Error, Refusal},
    room::Room,
};

/// How often it is looked for news.
const LOOK: Duration = Duration::from_millis(1_000);
/// Lines of one look. Where there are more, the oldest of them are passed over and counted.
const LINES_MAX: u32 = 200;
/// A stream ends after so long, and its reader comes back: who reads it, and whether they still may, is asked anew.
/// Whoever was signed out meanwhile reads no longer than that.
const STREAM_TIME: Duration = Duration::from_secs(60);

/// Shows requests as they end: events `request` with a line each, and `lost` where there were too many at once.
#[utoipa::path(
    get, path = "/api/v1/requests/live", tag = "requests", params(RequestFilter),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = "4XX", body = Refusal)
    )
)]
pub(crate) async fn live(
    desk: Desk,
    State(room): State<Arc<Room>>,
    Ask(ask): Ask<RequestFilter>,
) -> Result<impl IntoResponse, Error> {
    let act = desk.permit(Operation::RequestShow, "").await?;
    let place = Arc::clone(&room.streams).try_acquire_owned().map_err(|_| Error::Overloaded)?;
    let snapshot = act.control().snapshots.load();
    let wanted = wanted(&snapshot, &ask)?;
    let after = act.control().store.audit().tail(&store::audit::Filter::default(), 1).await?;
    let after = after.first().map_or(0, |entry| entry.seq);
    let watch = Watch {
        act,
        wanted,
        after,
        until: tokio::time::Instant::now() + STREAM_TIME,
        _place: place,
    };
    Ok(Sse::new(events(watch)).keep_alive(KeepAlive::default()))
}

/// Who watches, and what they have seen.
struct Watch {
    act: Act,
    wanted: Option<Wanted>,
    after: i64,
    until: tokio::time::Instant,
    _place: OwnedSemaphorePermit,
}

fn events(watch: Watch) -> impl Stream<Item = Result<Event, Infallible>> {
    let looks = stream::unfold(watch, async |mut watch| {
        tokio::time::sleep(LOOK).await;
        if tokio::time::Instant::now() >= watch.until {
            return None;
        }
        let events = watch.look().await;
        Some((stream::iter(events.into_iter().map(Ok)), watch))
    });
    futures::StreamExt::flatten(looks)
}

impl Watch {
    /// What came since the last look, oldest first.
    async fn look(&mut self) -> Vec<Event> {
        let Some(wanted) = &self.wanted else { return Vec::new() };
        let audit = self.act.control().store.audit();
        let wanted = Wanted { after: Some(self.after), ..wanted.clone() };
        let found = audit.requests(self.act.tenant(), &wanted, LINES_MAX).await;
        let Page { requests, next, newest } = match found {
            Ok(page) => page,
            Err(error) => {
                tracing::debug!(%error, "whoever watches requests waits for the database");
                return Vec::new();
            }
        };
        let snapshot = self.act.control().snapshots.load();
        self.after = newest;
        let lost = next.map(|_| Event::default().event("lost").data("{}"));
        let told = requests.iter().rev().filter_map(|request| line(&snapshot, request));
        let told = told.filter_map(|line| Event::default().event("request").json_data(line).ok());
        lost.into_iter().chain(told).collect()
    }
}
