//! One request and its answer, or what is seen instead.

use std::convert::Infallible;
use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Response, StatusCode};
use socket2::SockRef;
use tokio::sync::{mpsc, oneshot};

use crate::answer::Answer;
use crate::plan::{Shared, lock};
use crate::{Fault, Request, Stage};

type Answered = io::Result<Response<Body>>;

pub(crate) type Body = BoxBody<Bytes, io::Error>;

/// Where to say that for this long nobody is to listen. The sender that goes with it is dropped when
/// nobody does.
pub(crate) type Leave = mpsc::UnboundedSender<(Duration, oneshot::Sender<()>)>;

/// Answers a request, or misbehaves, which may end the connection: that is what an error does.
/// `socket` is the connection below hyper, and `leave` lets nobody listen for a while.
pub(crate) async fn handle(
    request: hyper::Request<Incoming>,
    shared: &Arc<Mutex<Shared>>,
    socket: &TcpStream,
    leave: &Leave,
) -> Answered {
    let arrived = Instant::now();
    let request = read(request).await?;
    let plan = lock(shared).plan(request);
    let fault = plan.fault.clone();
    // A sleep of nothing takes a millisecond, the timer's step.
    let delay = plan.carried_out.filter(|delay| !delay.is_zero());
    let work = shared.clone();
    // In a task of its own, which goes on if the client doesn't wait.
    let carried_out = tokio::spawn(async move {
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        lock(&work).carry_out(&plan)
    });
    let answer = match &fault {
        Some(fault) if delay.is_some() && !fault.shows_the_answer() => Answer::default(),
        _ => carried_out.await.map_err(io::Error::other)?,
    };
    match fault {
        Some(fault) => misbehave(fault, answer, socket, leave).await,
        None => {
            let latency = lock(shared).latency;
            if !latency.is_zero() {
                tokio::time::sleep_until((arrived + latency).into()).await;
            }
            Ok(whole(answer))
        }
    }
}

async fn read(request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let query = parts.uri.query().unwrap_or_default();
    let headers = parts.headers.iter();
    Ok(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        stage: Stage::Other,
    })
}

async fn misbehave(fault: Fault, answer: Answer, socket: &TcpStream, leave: &Leave) -> Answered {
    let reset = || SockRef::from(socket).set_linger(Some(Duration::ZERO));
    match fault {
        Fault::Answer(status, headers, body) => Ok(whole(Answer { status, headers, body })),
        Fault::Kept(seconds) => {
            let mut response = whole(answer);
            response.headers_mut().insert(hyper::header::AGE, seconds.into());
            Ok(response)
        }
        Fault::AnswerAndClose => {
            let mut response = whole(answer);
            response.headers_mut().insert("connection", hyper::header::HeaderValue::from_static("close"));
            Ok(response)
        }
        Fault::Reset => {
            reset()?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Fault::Away(pause) => {
            let (tell, left) = oneshot::channel();
            let _ = leave.send((pause, tell));
            let _ = left.await;
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
            let drop = Bytes::from_static(b" ");
            Ok(respond(200, &[], endless(drop, usize::MAX, Duration::from_millis(20))))
        }
        Fault::Flood(bytes) => {
            let chunk = Bytes::from(vec![b' '; 1 << 16]);
            Ok(respond(200, &[], endless(chunk, bytes >> 16, Duration::ZERO)))
        }
    }
}

fn respond(status: u16, headers: &[(&'static str, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    response
}

fn whole(answer: Answer) -> Response<Body> {
    let body = Full::new(Bytes::from(answer.body)).map_err(|never: Infallible| match never {});
    respond(answer.status, &answer.headers, body.boxed())
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
