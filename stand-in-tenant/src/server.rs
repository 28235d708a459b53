//! The HTTP server: one thread, which ends when the [`StandIn`](crate::StandIn) is dropped.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::answer::Answer;
use crate::fault::{Action, Fault, Times};
use crate::{Request, Shared, Stage, routes};

type Body = BoxBody<Bytes, io::Error>;

pub(crate) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves from a thread of its own until `stopped`.
pub(crate) fn start(
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Mutex<Shared>>,
    stopped: oneshot::Receiver<()>,
) -> SocketAddr {
    let (ready, address_of) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = listen(address).expect("a port on loopback");
            let address = listener.local_addr().expect("an address");
            ready.send(address).expect("somebody waits for the address");
            tokio::select! {
                () = serve(listener, address, tls, shared) => {}
                _ = stopped => {}
            }
        });
    });
    address_of.recv().expect("the server starts")
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

async fn serve(
    mut listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Mutex<Shared>>,
) {
    let (leave, mut away) = tokio::sync::mpsc::unbounded_channel();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                lock(&shared).connections += 1;
                tokio::spawn(connection(stream, tls.clone(), shared.clone(), leave.clone()));
            }
            Some(pause) = away.recv() => {
                drop(listener);
                tokio::time::sleep(pause).await;
                listener = listen(address).expect("the same port again");
            }
        }
    }
}

type Leave = tokio::sync::mpsc::UnboundedSender<Duration>;

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Mutex<Shared>>, leave: Leave) {
    let _ = stream.set_nodelay(true);
    // A second handle to the socket: hyper owns the first, and only an option of the socket
    // turns its close into a reset.
    let Ok(stream) = stream.into_std() else { return };
    let Ok(socket) = stream.try_clone().map(Arc::new) else { return };
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let service = service_fn(async |request| {
        let mut response = handle(request, shared.clone(), socket.clone(), leave.clone()).await?;
        if let Some(date) = lock(&shared).world.date() {
            response.headers_mut().insert("date", date.parse().expect("a header value"));
        }
        Ok::<_, io::Error>(response)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.auto_date_header(false);
    // A client that breaks off, or a fault, ends the connection with an error: as intended.
    match tls {
        None => drop(http.serve_connection(TokioIo::new(stream), service).await),
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                drop(http.serve_connection(TokioIo::new(stream), service).await);
            }
        }
    }
}

async fn handle(
    request: hyper::Request<Incoming>,
    shared: Arc<Mutex<Shared>>,
    socket: Arc<std::net::TcpStream>,
    leave: Leave,
) -> Result<Response<Body>, io::Error> {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        stage: Stage::Other,
        target_length: parts.uri.path_and_query().map_or(0, |target| target.as_str().len()),
    };
    let (answer, fault, latency) = decide(request, &mut lock(&shared));
    let fault = match fault {
        None => {
            // A sleep of nothing takes a millisecond, the timer's step.
            if !latency.is_zero() {
                tokio::time::sleep_until((arrived + latency).into()).await;
            }
            return Ok(respond(answer.status, &answer.headers, full(answer.body)));
        }
        Some(fault) => fault,
    };
    let reset = || SockRef::from(&*socket).set_linger(Some(Duration::ZERO));
    match fault {
        Fault::Answer(status, headers, body) => Ok(respond(status, &headers, full(body))),
        Fault::Reset => {
            reset()?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Fault::Away(pause) => {
            let _ = leave.send(pause);
            reset()?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Fault::ResetMidway => {
            reset()?;
            Ok(half(answer.body))
        }
        Fault::CutShort => Ok(half(answer.body)),
        Fault::Silence => std::future::pending().await,
        Fault::Dribble => {
            Ok(respond(200, &[], endless(Bytes::from_static(b" "), usize::MAX, Duration::from_millis(20))))
        }
        Fault::Flood(bytes) => {
            let chunk = Bytes::from(vec![b' '; 1 << 16]);
            Ok(respond(200, &[], endless(chunk, bytes >> 16, Duration::ZERO)))
        }
    }
}

/// Carries the request out, unless a rule says otherwise.
fn decide(mut request: Request, shared: &mut Shared) -> (Answer, Option<Fault>, Duration) {
    let written = shared.requests.iter().any(|earlier| earlier.stage == Stage::Write);
    request.stage = routes::stage(&request.method, &request.path, &request.body, written);
    let stage = request.stage;
    shared.requests.push(request.clone());

    let mut fault = None;
    let mut carry_out = true;
    let mut afterwards = Vec::new();
    let mut kept = Vec::new();
    for mut rule in std::mem::take(&mut shared.rules) {
        let applies =
            rule.stage == stage && (fault.is_none() || matches!(rule.action, Action::Meddle { .. }));
        match &mut rule.action {
            Action::Fail { fault: wanted, carry_out: wanted_carry_out } if applies => {
                fault = Some(wanted.clone());
                carry_out = *wanted_carry_out;
            }
            Action::Meddle { after: false, change } if applies => {
                change(&mut shared.world);
                shared.world.settle();
            }
            Action::Meddle { after: true, .. } if applies => {
                afterwards.push(rule);
                continue;
            }
            _ => {}
        }
        if !applies || rule.times == Times::Forever {
            kept.push(rule);
        }
    }
    let answer =
        if carry_out { shared.change(|world| routes::answer(world, &request)) } else { Answer::default() };
    for mut rule in afterwards {
        if let Action::Meddle { change, .. } = &mut rule.action {
            shared.change(change);
        }
        if rule.times == Times::Forever {
            kept.push(rule);
        }
    }
    shared.rules = kept;
    (answer, fault, shared.latency)
}

fn respond(status: u16, headers: &[(&'static str, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    response
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed()
}

/// The first half of an answer that says it is longer.
fn half(whole: Vec<u8>) -> Response<Body> {
    let whole = if whole.len() < 10 { br#"{"entity":{"attributes":{}}}"#.to_vec() } else { whole };
    let length = whole.len().to_string();
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
    tokio::spawn(async move {
        let first = Bytes::from(whole).slice(..5);
        let _ = sender.send_data(first).await;
        // The first half must be on its way before the connection goes.
        tokio::time::sleep(Duration::from_millis(20)).await;
        sender.abort(io::ErrorKind::ConnectionReset.into());
    });
    respond(200, &[("content-length", length)], body.boxed())
}

/// `chunk` again and again, `pause` in between.
fn endless(chunk: Bytes, times: usize, pause: Duration) -> Body {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
    tokio::spawn(async move {
        for _ in 0..times {
            if sender.send_data(chunk.clone()).await.is_err() {
                return;
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    });
    body.boxed()
}
