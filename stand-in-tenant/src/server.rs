//! The HTTP server: one thread, which ends when the [`StandIn`](crate::StandIn) is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::exchange::{Leave, handle};
use crate::plan::{Shared, lock};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Serves from a thread of its own until `stopped`. The address it listens on is returned, or why
/// it can't.
pub(crate) fn start(
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Mutex<Shared>>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<SocketAddr> {
    let (ready, address_of) = mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().spawn(move || {
        runtime.block_on(async {
            let (address, listener, _reserved) = match reserve(address) {
                Ok(listening) => listening,
                Err(error) => return drop(ready.send(Err(error))),
            };
            drop(ready.send(Ok(address)));
            tokio::select! {
                () = serve(listener, address, tls, shared) => {}
                _ = stopped => {}
            }
        });
    })?;
    address_of.recv().unwrap_or_else(|_| Err(io::Error::other("the server has ended")))
}

/// Listens, and has a second socket at the same address, which never does: so nobody else is given
/// the port while nobody listens there. Where two sockets can't have one address, there is one.
fn reserve(address: SocketAddr) -> io::Result<(SocketAddr, TcpListener, Option<TcpSocket>)> {
    let reserved = bind(address)?;
    let address = reserved.local_addr()?;
    match listen(address) {
        Ok(listener) => Ok((address, listener, Some(reserved))),
        Err(_) => Ok((address, reserved.listen(BACKLOG)?, None)),
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address)?.listen(BACKLOG)
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
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
            Some((pause, left)) = away.recv() => {
                drop((listener, left));
                tokio::time::sleep(pause).await;
                listener = loop {
                    match listen(address) {
                        Ok(listener) => break listener,
                        // A process that is being started has a copy of the old socket for a moment.
                        Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                    }
                };
            }
        }
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Mutex<Shared>>, leave: Leave) {
    let _ = stream.set_nodelay(true);
    // A second handle to the socket: hyper owns the first, and only an option of the socket
    // turns its close into a reset.
    let Ok(stream) = stream.into_std() else { return };
    let Ok(socket) = stream.try_clone() else { return };
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let delay = lock(&shared).accept_delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let service = service_fn(async |request| {
        let mut response = handle(request, &shared, &socket, &leave).await?;
        let date = lock(&shared).world.date().parse().expect("a header value");
        response.headers_mut().insert("date", date);
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
