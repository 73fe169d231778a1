//! One WebSocket: a hello that proves who asks, then messages one way and events the other.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::time::{Instant, timeout};

use super::{
    error::Error,
    events::{Counted, Reader},
    limits::Place,
    live::{Ear, Heard},
    post,
    protocol::{Said, Tell},
    routes::Room,
    visitor::{Claims, Visitor},
};

/// How long a client may take to say hello.
const HELLO_MAX: Duration = Duration::from_secs(10);
/// How often the connection is tried.
const PING: Duration = Duration::from_secs(20);
/// How long a client may be silent: browsers answer pings by themselves.
const SILENCE_MAX: Duration = Duration::from_secs(70);
/// How long a client may take to read one frame.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// Frames a minute, whatever is in them; messages have a pace of their own.
const FRAMES_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(599);

/// A connection, and what it holds.
pub(super) struct Connection {
    socket: WebSocket,
    pace: DefaultDirectRateLimiter,
    _held: (Place, Counted),
}

/// Why a connection ends.
enum End {
    /// The client is gone, or does not read.
    Gone,
    /// It is told why.
    Told(u16, &'static str),
}

/// Someone listening.
struct Listener {
    visitor: Visitor,
    reader: Reader,
    ear: Ear,
    /// When it looks unasked.
    at: Instant,
}

impl Connection {
    pub(super) fn new(socket: WebSocket, place: Place) -> Self {
        let pace = DefaultDirectRateLimiter::direct(Quota::per_minute(FRAMES_PER_MINUTE));
        Self { socket, pace, _held: (place, Counted::new()) }
    }

    /// From hello to the end.
    pub(super) async fn run(mut self, room: Room, claims: Claims, address: IpAddr) {
        let end = match self.hello(&room, claims, address).await {
            Ok(mut listener) => self.listen(&room, &mut listener).await,
            Err(end) => end,
        };
        if let End::Told(code, reason) = end {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            // Whoever is gone needs no farewell.
            let _ = timeout(WRITE_MAX, self.socket.send(Message::Close(Some(frame)))).await;
        }
    }

    async fn hello(
        &mut self,
        room: &Room,
        mut claims: Claims,
        address: IpAddr,
    ) -> Result<Listener, End> {
        let first = tokio::select! {
            () = room.stop.cancelled() => return Err(End::Told(close_code::RESTART, "restart")),
            first = timeout(HELLO_MAX, self.socket.recv()) => first,
        };
        let Ok(Some(Ok(Message::Text(text)))) = first else {
            return Err(End::Told(close_code::POLICY, "say hello first"));
        };
        let Ok(Said::Hello { token, person, agent, after }) = serde_json::from_str(&text) else {
            return Err(End::Told(close_code::POLICY, "say hello first"));
        };
        claims.token = token.or(claims.token);
        claims.person = person.or(claims.person);
        claims.agent = agent.or(claims.agent);
        let visitor = match Visitor::prove(room, &claims, address).await {
            Ok(visitor) => visitor,
            Err(error) => {
                self.tell(&Tell::Error { about: None, told: error.told() }).await?;
                return Err(End::Told(close_code::POLICY, "refused"));
            }
        };
        // It listens before it reads, so that nothing falls in between.
        let ear = room.live.listen(visitor.to.agent, &visitor.conversation);
        let last = visitor.session.as_ref().map_or(0, |session| session.last_event);
        if let Some(session) = &visitor.session {
            ear.attach(session.id, last);
        }
        let agent = visitor.to.name.clone();
        let person = visitor.person.as_ref().map(|person| person.name.clone());
        self.tell(&Tell::Ready { agent, person, last }).await?;
        let reader = Reader::new(after.max(0));
        Ok(Listener { visitor, at: reader.next_look(), reader, ear })
    }

    async fn listen(&mut self, room: &Room, listener: &mut Listener) -> End {
        let mut heard_at = Instant::now();
        let mut pings = tokio::time::interval(PING);
        pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        if let Err(end) = self.show(room, listener).await {
            return end;
        }
        loop {
            let done = tokio::select! {
                () = room.stop.cancelled() => return End::Told(close_code::RESTART, "restart"),
                frame = self.socket.recv() => {
                    heard_at = Instant::now();
                    match frame {
                        Some(Ok(frame)) => self.take(room, listener, frame).await,
                        None | Some(Err(_)) => Err(End::Gone),
                    }
                }
                heard = listener.ear.hear() => match heard {
                    Heard::Moved => self.show(room, listener).await,
                    Heard::Delta(frame) if listener.visitor.is_known() => {
                        self.send(Message::Text(frame)).await
                    }
                    Heard::Delta(_) => Ok(()),
                },
                _ = pings.tick() => {
                    if heard_at.elapsed() > SILENCE_MAX {
                        return End::Gone;
                    }
                    self.ping().await
                }
                () = tokio::time::sleep_until(listener.at) => self.look(room, listener).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Sends what is new, to its end.
    async fn show(&mut self, room: &Room, listener: &mut Listener) -> Result<(), End> {
        loop {
            let Listener { visitor, reader, ear, .. } = &mut *listener;
            let told = match reader.next(room, visitor).await {
                Ok(told) => told,
                // The database is away: what is new is read when it is back.
                Err(Error::Away) => return Ok(()),
                Err(error) => return self.refuse(error).await,
            };
            if let Some(session) = &visitor.session {
                ear.attach(session.id, 0);
            }
            if told.is_empty() {
                listener.at = listener.at.min(listener.reader.next_look());
                return Ok(());
            }
            for tell in &told {
                self.tell(tell).await?;
            }
        }
    }

    /// Looks unasked: at the transcript, at questions that wait, and whether the person still counts.
    async fn look(&mut self, room: &Room, listener: &mut Listener) -> Result<(), End> {
        listener.at = listener.reader.next_look();
        match listener.visitor.again(room).await {
            Ok(()) | Err(Error::Away | Error::House(_)) => {}
            Err(error) => return self.refuse(error).await,
        }
        for tell in listener.reader.decided(room, &listener.visitor).await {
            self.tell(&tell).await?;
        }
        self.show(room, listener).await
    }

    async fn take(
        &mut self,
        room: &Room,
        listener: &mut Listener,
        frame: Message,
    ) -> Result<(), End> {
        if self.pace.check().is_err() {
            return Err(End::Told(close_code::POLICY, "too many frames"));
        }
        match frame {
            Message::Text(text) => self.answer(room, listener, &text).await,
            Message::Binary(_) => Err(End::Told(close_code::UNSUPPORTED, "frames are JSON text")),
            Message::Close(_) => Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn answer(
        &mut self,
        room: &Room,
        listener: &mut Listener,
        text: &str,
    ) -> Result<(), End> {
        let (about, done) = match serde_json::from_str(text) {
            Ok(Said::Message(said)) => {
                let id = said.id.clone();
                let kept = post::message(room, &mut listener.visitor, said).await;
                let acked = kept.map(|kept| {
                    listener.ear.attach(kept.session, kept.event_no);
                    Tell::Ack {
                        id: id.clone(),
                        seq: kept.seq,
                        no: kept.event_no,
                        fresh: kept.fresh,
                    }
                });
                (Some(id), acked)
            }
            Ok(Said::Decide(said)) => {
                let about = said.approval.clone();
                let decided = post::decide(room, &listener.visitor, said).await;
                let told = |(approval, status): (types::ApprovalId, String)| Tell::Decided {
                    approval: approval.to_string(),
                    status,
                };
                (Some(about), decided.map(told))
            }
            Ok(Said::Hello { .. }) => (None, Err(Error::Invalid("hello is said once"))),
            Err(_) => (None, Err(Error::Invalid("the frame is none that is known"))),
        };
        let is_over = matches!(done, Err(Error::NotYours));
        let tell = done.unwrap_or_else(|error| Tell::Error { about, told: error.told() });
        self.tell(&tell).await?;
        // There is nothing more for it to hear.
        if is_over { Err(End::Told(close_code::POLICY, "refused")) } else { Ok(()) }
    }

    /// Tells why, and ends.
    async fn refuse(&mut self, error: Error) -> Result<(), End> {
        self.tell(&Tell::Error { about: None, told: error.told() }).await?;
        Err(End::Told(close_code::POLICY, "refused"))
    }

    /// Tries the connection: for the server by a ping that browsers answer, for pages by a frame they see.
    async fn ping(&mut self) -> Result<(), End> {
        self.send(Message::Ping(axum::body::Bytes::new())).await?;
        self.tell(&Tell::Ping).await
    }

    async fn tell(&mut self, tell: &Tell) -> Result<(), End> {
        self.send(Message::Text(tell.text().into())).await
    }

    async fn send(&mut self, frame: Message) -> Result<(), End> {
        match timeout(WRITE_MAX, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}
