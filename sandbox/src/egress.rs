//! The one way out of a sandbox: a proxy on a unix socket, with a list of names. It looks names up
//! itself, connects to public addresses only unless the list says otherwise, and tells an observer of
//! every decision. What it refuses it says in words that a model can read.

mod head;
mod list;
mod reach;

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};

pub use list::Refusal;
use list::{Target, judge};

use crate::{Allow, Name};

/// Connections of one sandbox at the same time. More wait.
const CONNECTIONS_MAX: usize = 64;
/// How long a head, a look-up and a connection may take each.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one connection may be open.
const LIFE: Duration = Duration::from_secs(60 * 60);
/// How long nobody is let in where that failed.
const BREATH: Duration = Duration::from_millis(100);
/// Refusals that are remembered for whoever asks.
const REMEMBERED: usize = 32;

/// Looks names up.
pub type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Is told of every decision.
pub type Observer = Arc<dyn Fn(&Decision) + Send + Sync>;

/// What was decided of one connection or request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whose it was.
    pub sandbox: Name,
    /// The host as it was written, within 253 characters.
    pub host: String,
    /// The port; 0 where none could be read.
    pub port: u16,
    /// Why it was refused, if it was.
    pub refused: Option<Refusal>,
}

/// The system's resolver.
pub fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    })
}

/// The way out of one sandbox. It closes when this is dropped.
pub struct Proxy {
    gate: Arc<Gate>,
    task: JoinHandle<()>,
}

struct Gate {
    sandbox: Name,
    allow: Vec<Allow>,
    lookup: Lookup,
    observer: Observer,
    refused: Mutex<VecDeque<String>>,
    room: Arc<Semaphore>,
}

impl Proxy {
    /// Listens at a socket, in place of whatever listened there.
    ///
    /// # Errors
    /// Where the socket cannot be made.
    pub fn listen(
        socket: &Path,
        sandbox: &Name,
        allow: Vec<Allow>,
        lookup: Lookup,
        observer: Observer,
    ) -> io::Result<Self> {
        // By one step: another may do the same at this moment.
        let draft = socket.with_file_name(types::EventId::generate().to_string());
        let listener = bind(&draft)?;
        // The sandbox's user connects; the folder around it is nobody else's to enter.
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o666))?;
        std::fs::rename(&draft, socket)?;
        let gate = Arc::new(Gate {
            sandbox: sandbox.clone(),
            allow,
            lookup,
            observer,
            refused: Mutex::default(),
            room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        });
        let task = tokio::spawn(Arc::clone(&gate).accept(listener));
        Ok(Self { gate, task })
    }

    /// The last refusals, oldest first.
    pub fn refused(&self) -> Vec<String> {
        let refused = self.gate.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().cloned().collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The socket's file stays, and answers nobody: it may be that of who listens after us.
        self.task.abort();
    }
}

/// A socket's path has at most 107 bytes, and folders are deep: a folder that is open has a short one.
fn bind(socket: &Path) -> io::Result<UnixListener> {
    use std::os::fd::AsRawFd;
    let folder = std::fs::File::open(socket.parent().unwrap_or(Path::new("/")))?;
    let name = socket.file_name().unwrap_or_default();
    UnixListener::bind(Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name))
}

impl Gate {
    async fn accept(self: Arc<Self>, listener: UnixListener) {
        // Connections end with the proxy: they are tasks of this set.
        let mut open = tokio::task::JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else { return };
            while open.try_join_next().is_some() {}
            let Ok((stream, _)) = listener.accept().await else {
                // Too many files are open; whoever closes one is not to wait for us.
                tokio::time::sleep(BREATH).await;
                continue;
            };
            let gate = Arc::clone(&self);
            open.spawn(async move {
                let _ = timeout(LIFE, gate.serve(stream)).await;
                drop(permit);
            });
        }
    }

    async fn serve(self: Arc<Self>, stream: UnixStream) {
        let tunnel = Arc::new(Mutex::new(None));
        let (gate, place) = (Arc::clone(&self), Arc::clone(&tunnel));
        let service = hyper::service::service_fn(move |request| {
            let (gate, place) = (Arc::clone(&gate), Arc::clone(&place));
            async move { Ok::<_, std::convert::Infallible>(gate.answer(request, &place).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_buf_size(64 << 10)
            .max_headers(100)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await;
        // What a client does wrong is between it and its program.
        drop(served);
        let tunnel = tunnel.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((upgrade, mut upstream)) = tunnel
            && let Ok(client) = upgrade.await
        {
            let _ = copy_bidirectional(&mut TokioIo::new(client), &mut upstream).await;
        }
    }

    /// Answers one request: a tunnel to where it wants, what is there, or why not.
    async fn answer(&self, request: Request<Incoming>, tunnel: &Tunnel) -> Response<Body> {
        let target = head::target(&request);
        let connected = match &target {
            Ok(target) => self.connect(target).await,
            Err(refusal) => Err(Failure::Refused(refusal.clone())),
        };
        let (host, port) = match &target {
            Ok(target) => (target.host.clone(), target.port),
            Err(_) => (head::written(&request), 0),
        };
        let refused = match &connected {
            Err(Failure::Refused(refusal)) => Some(refusal.clone()),
            Ok(_) | Err(Failure::Unreachable(_)) => None,
        };
        if let Some(refusal) = &refused {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            if refused.len() >= REMEMBERED {
                refused.pop_front();
            }
            refused.push_back(refusal.to_string());
        }
        (self.observer)(&Decision { sandbox: self.sandbox.clone(), host, port, refused });
        match connected {
            Err(Failure::Refused(refusal)) => text(StatusCode::FORBIDDEN, &refusal.to_string()),
            Err(Failure::Unreachable(why)) => text(StatusCode::BAD_GATEWAY, &why),
            Ok(upstream) if request.method() == Method::CONNECT => {
                let upgrade = hyper::upgrade::on(request);
                *tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some((upgrade, upstream));
                Response::new(Either::Left(Full::default()))
            }
            Ok(upstream) => pass(request, upstream).await,
        }
    }

    /// A connection to a place, if the list has it.
    async fn connect(&self, target: &Target) -> Result<TcpStream, Failure> {
        let entry = judge(target, &self.allow).map_err(Failure::Refused)?;
        let unreachable = |why: &str| Failure::Unreachable(format!("{}: {why}", target.host));
        let found = timeout(PATIENCE, (self.lookup)(target.host.clone())).await;
        let found = found.map_err(|_| unreachable("its name is not found in time"))?;
        let mut addresses = found.map_err(|_| unreachable("its name is not found"))?;
        let some = !addresses.is_empty();
        // The address that is checked is the one that is connected to.
        addresses.retain(|address| reach::allows(address.ip(), entry.private));
        if some && addresses.is_empty() {
            return Err(Failure::Refused(target.refused("its addresses are not public ones")));
        }
        for mut address in addresses.into_iter().take(4) {
            address.set_port(target.port);
            if let Ok(Ok(stream)) = timeout(PATIENCE, TcpStream::connect(address)).await {
                return Ok(stream);
            }
        }
        Err(unreachable("nothing answers there"))
    }
}

type Tunnel = Arc<Mutex<Option<(hyper::upgrade::OnUpgrade, TcpStream)>>>;
type Body = Either<Full<Bytes>, Incoming>;

/// Why there is no connection.
enum Failure {
    Refused(Refusal),
    Unreachable(String),
}

/// Sends a request of plain HTTP on, and brings the answer.
async fn pass(request: Request<Incoming>, upstream: TcpStream) -> Response<Body> {
    let failed = |why: &str| text(StatusCode::BAD_GATEWAY, why);
    let Some(request) = head::onward(request) else {
        return failed("the request cannot be sent on");
    };
    let sender = hyper::client::conn::http1::handshake(TokioIo::new(upstream)).await;
    let Ok((mut sender, connection)) = sender else { return failed("nothing answers there") };
    let connection = tokio::spawn(timeout(LIFE, connection));
    match timeout(LIFE, sender.send_request(request)).await {
        Ok(Ok(answer)) => {
            let mut answer = answer.map(Either::Right);
            head::strip(answer.headers_mut());
            answer
        }
        Ok(Err(_)) | Err(_) => {
            connection.abort();
            failed("what answers there does not speak HTTP")
        }
    }
}

fn text(status: StatusCode, what: &str) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::from(format!("{what}\n"))));
    *response.status_mut() = status;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, plain);
    response
}
