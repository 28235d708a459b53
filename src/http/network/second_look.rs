//! A second look at what broke, where the HTTP library doesn't tell: with what status a proxy refused
//! to connect, and whether what doesn't speak HTTP speaks TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Network;
use super::cause::{Broken, ProxyRefusal};
use super::hop::Hop;
use super::proxy_address::Proxy;
use crate::text;

/// How long it may take.
const SECOND_LOOK: Duration = Duration::from_secs(3);

impl Network {
    /// Finds out more about what broke where the HTTP library doesn't tell: why a proxy refused,
    /// and whether what doesn't speak HTTP speaks TLS. Takes at most `limit`, and a few seconds.
    pub(crate) async fn second_look(&self, broken: Broken, url: &Url, limit: Duration) -> Broken {
        let limit = limit.min(SECOND_LOOK);
        match &broken {
            Broken::Proxy(proxy, ProxyRefusal { status: None, target, .. }) => {
                let answer = tokio::time::timeout(limit, self.ask_proxy(proxy, url)).await;
                match answer {
                    Ok(Ok(answer)) if is_tls(&answer) => Broken::SpeaksTls(Hop::Proxy(proxy.clone())),
                    Ok(Ok(answer)) => match status_line(&answer) {
                        // It was a moment's trouble.
                        Some((200, _)) => Broken::NoConnection(
                            Hop::Proxy(proxy.clone()),
                            "it refused once, and then didn't".to_owned(),
                        ),
                        Some((status, words)) => {
                            let target = target.clone();
                            Broken::Proxy(proxy.clone(), ProxyRefusal { target, status: Some(status), words })
                        }
                        None => broken,
                    },
                    _ => broken,
                }
            }
            Broken::NotHttp(hop) | Broken::Lost(hop, _)
                if hop.address().scheme() == "http" && !self.was_answered() =>
            {
                match tokio::time::timeout(limit, self.greet_by_tls(hop.address())).await {
                    Ok(Ok(answer)) if is_tls(&answer) => Broken::SpeaksTls(hop.clone()),
                    _ => broken,
                }
            }
            _ => broken,
        }
    }

    /// What a proxy says first when it is asked to connect to `url`'s host.
    async fn ask_proxy(&self, proxy: &Proxy, url: &Url) -> io::Result<Vec<u8>> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(authorization) = proxy.authorization() {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let stream = self.connect(&proxy.address).await?;
        if proxy.address.scheme() == "http" {
            return said(stream, &request).await;
        }
        let tls = TlsConnector::from(Arc::new(self.trust.config.clone()));
        said(tls.connect(server_name(&proxy.address)?, stream).await?, &request).await
    }

    /// What the other side says first when it is spoken to by TLS.
    async fn greet_by_tls(&self, address: &Url) -> io::Result<Vec<u8>> {
        let config = Arc::new(self.trust.config.clone());
        let mut tls = ClientConnection::new(config, server_name(address)?).map_err(io::Error::other)?;
        let mut hello = Vec::new();
        tls.write_tls(&mut hello)?;
        said(self.connect(address).await?, &hello).await
    }

    async fn connect(&self, address: &Url) -> io::Result<TcpStream> {
        let port = address.port_or_known_default().unwrap_or_default();
        let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let found = self.resolver.clone().addresses(host.to_owned()).await.map_err(io::Error::other)?;
        let addresses: Vec<SocketAddr> = found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        TcpStream::connect(addresses.as_slice()).await
    }
}

fn server_name(address: &Url) -> io::Result<ServerName<'static>> {
    let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
    ServerName::try_from(host.to_owned()).map_err(io::Error::other)
}

/// The start of what the other side says to `words`: a line, or a record of TLS.
async fn said(mut stream: impl AsyncRead + AsyncWrite + Unpin, words: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(words).await?;
    let mut answer = vec![0; 256];
    let mut length = 0;
    while length < answer.len() && !answer[..length].contains(&b'\n') && !is_tls(&answer[..length]) {
        match stream.read(&mut answer[length..]).await? {
            0 => break,
            read => length += read,
        }
    }
    answer.truncate(length);
    Ok(answer)
}

/// True for the start of a handshake or an alert of TLS.
fn is_tls(answer: &[u8]) -> bool {
    matches!(answer, [0x15 | 0x16, 0x03, ..])
}

/// The status in the first line of an answer, and the words beside it.
fn status_line(answer: &[u8]) -> Option<(u16, String)> {
    let line = String::from_utf8_lossy(answer.split(|byte| *byte == b'\n').next()?);
    let (_, rest) = line.strip_prefix("HTTP/")?.split_once(' ')?;
    let (status, words) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let status = status.parse().ok().filter(|status| (100..1000).contains(status))?;
    Some((status, text::bounded(words, 80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_whatever_looks_like_one() {
        for (answer, status) in [
            ("HTTP/1.1 403 Forbidden\r\n\r\n<html>", Some((403, "Forbidden"))),
            ("HTTP/1.0 502 Bad Gateway", Some((502, "Bad Gateway"))),
            ("HTTP/1.1 503\r\n", Some((503, ""))),
            ("HTTP/1.1 403 \u{1b}[2J\r\n", Some((403, "\\u001b[2J"))),
            ("HTTP/1.1 4 no\r\n", None),
            ("HTTP/1.1 abc\r\n", None),
            ("SSH-2.0-OpenSSH\r\n", None),
            ("", None),
        ] {
            let expected = status.map(|(status, words)| (status, words.to_owned()));
            assert_eq!(status_line(answer.as_bytes()), expected, "{answer:?}");
        }
    }
}
