//! The way to the tenant: proxies, trust, names and limits, in one value. What goes wrong on it is
//! told as a [`Broken`].

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, HeaderValue};
use reqwest::{ClientBuilder, Response, Url};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tracing::warn;

use super::budget::{Budget, Over};
use super::cause::{Broken, Limit, ProxyRefusal, Waited};
use super::connecting::Connecting;
use super::diagnosis;
use super::proxy::{Hop, Proxies, Proxy, ProxyVars, place};
use super::resolve::Resolver;
use super::tls::Trust;
use crate::aside::aside;
use crate::config::{Access, Credentials};
use crate::error::{ErrorKind, Failure, Step};
use crate::redact::Redactor;
use crate::text;

/// No answer of the API comes near this: a connection with 100,000 admins is some 5 MiB.
pub(crate) const LARGEST_ANSWER: usize = 16 << 20;

/// Of an answer that isn't one of success, this much is read: it is only shown.
const LARGEST_ERROR_PAGE: usize = 64 << 10;

/// Reading the CA certificates takes milliseconds.
const TIME_FOR_CERTIFICATES: Duration = Duration::from_secs(10);

/// How long a second look at what failed may take.
const SECOND_LOOK: Duration = Duration::from_secs(3);

/// The way to the tenant.
pub(crate) struct Network {
    pub(super) proxies: Proxies,
    pub(super) trust: Trust,
    pub(super) resolver: Resolver,
    pub(super) connect_timeout: Duration,
    pub(super) connecting: Connecting,
    /// Whether anything was ever answered over it.
    answered: AtomicBool,
}

impl Network {
    /// The way that the variables around the program want.
    ///
    /// # Errors
    ///
    /// `invalid_input` if a proxy variable can't be used; `untrusted_certificate` if TLS is needed
    /// and the CA certificates can't be read.
    pub(super) async fn of(
        access: &Access,
        redactor: &Redactor,
        budget: &Budget,
    ) -> Result<Network, Failure> {
        let mut targets = vec![&access.services.heracles, &access.services.atlas];
        if let Credentials::Impersonation(user) = &access.credentials {
            targets.push(&user.keycloak);
        }
        let refuse = |kind, message: String, hint: &str| Failure::new(kind, Step::Configure, message, hint);
        let chosen = Proxies::choose(&ProxyVars::of_network(&access.network), &targets);
        let (proxies, warnings) = chosen.map_err(|(name, what)| {
            refuse(
                ErrorKind::InvalidInput,
                format!("{name} {what}"),
                "Set it right, or unset it. Nothing was sent.",
            )
        })?;
        proxies.secrets().iter().for_each(|secret| redactor.hide(secret));
        warnings.iter().for_each(|warning| warn!("{warning}"));
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let (file, folder) = (path(&access.network.ssl_cert_file), path(&access.network.ssl_cert_dir));
        let needed = proxies.use_tls(&targets);
        // Any of these files may be a pipe that nobody writes to.
        let loaded = aside(move || Trust::load(file.as_deref(), folder.as_deref(), needed));
        let hint =
            "Name a file of CA certificates (PEM) in SSL_CERT_FILE, or a folder of them in SSL_CERT_DIR.";
        let trust = match budget.limit(TIME_FOR_CERTIFICATES, loaded).await {
            Ok(Some(Ok(trust))) => {
                trust.map_err(|reason| refuse(ErrorKind::UntrustedCertificate, reason, hint))?
            }
            Err(Over::Stopped(signal)) => return Err(crate::steps::interrupted(signal, Step::Configure)),
            _ => {
                let message = "the CA certificates couldn't be read in time".to_owned();
                return Err(refuse(ErrorKind::UntrustedCertificate, message, hint));
            }
        };
        Ok(Network::new(proxies, trust, access.connect_timeout))
    }

    /// Over these proxies, with this trust.
    pub(crate) fn new(proxies: Proxies, trust: Trust, connect_timeout: Duration) -> Network {
        let (resolver, connecting, answered) = Default::default();
        Network { proxies, trust, resolver, connect_timeout, connecting, answered }
    }

    /// Makes the client go this way.
    pub(crate) fn apply(&self, client: ClientBuilder) -> ClientBuilder {
        self.proxies
            .apply(client)
            .tls_backend_preconfigured(self.trust.config.clone())
            .dns_resolver(Arc::new(self.resolver.clone()))
            .connector_layer(self.connecting.clone())
            .connect_timeout(self.connect_timeout)
    }

    /// Where a request to `url` goes first: what answers there may be a proxy.
    pub(crate) fn hop(&self, url: &Url) -> Hop {
        self.proxies.hop(url)
    }

    /// What `error` says of a request to `url`.
    pub(crate) fn broken(&self, error: &reqwest::Error, url: &Url) -> Broken {
        diagnosis::of(error, url, self)
    }

    /// What it says that a request to `url` was given up after it had waited so long: nothing if it
    /// was sent.
    pub(crate) fn waited(&self, url: &Url, so_long: Duration) -> Option<Broken> {
        let waited = Waited { so_long, is_connect_timeout: false };
        self.connecting.is_under_way().then(|| self.no_connection(url, waited))
    }

    /// Who kept a connection from being made.
    pub(super) fn no_connection(&self, url: &Url, waited: Waited) -> Broken {
        let hop = self.hop(url);
        match self.resolver.gave_up() {
            true => Broken::NameServer(hop, Some(waited)),
            false => Broken::ConnectTimeout(hop, waited),
        }
    }

    /// What this status says if a proxy gave it: one that passes `http://` requests on answers like
    /// the tenant itself, but a wish for a password is always its own.
    pub(crate) fn refused_by_proxy(&self, status: u16, url: &Url) -> Option<Broken> {
        match self.hop(url) {
            Hop::Proxy(proxy) if status == 407 => {
                let refusal = ProxyRefusal { target: place(url), status: Some(status), words: String::new() };
                Some(Broken::Proxy(proxy, refusal))
            }
            _ => None,
        }
    }

    /// The body of an answer; of one that isn't of success only the start.
    pub(crate) async fn read(&self, mut answer: Response, url: &Url) -> Result<Vec<u8>, Broken> {
        self.answered.store(true, Ordering::Relaxed);
        let is_good = answer.status().is_success();
        let most = if is_good { LARGEST_ANSWER } else { LARGEST_ERROR_PAGE };
        let encoding = answer.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        if let Some(encoding) = encoding.filter(|value| !value.eq_ignore_ascii_case(b"identity")) {
            let how = text::bounded(&String::from_utf8_lossy(encoding), 30);
            return match is_good {
                true => Err(Broken::Limit(Limit::Compressed(how))),
                false => Ok(Vec::new()),
            };
        }
        let expected = answer.content_length().unwrap_or_default();
        if is_good && expected > most as u64 {
            return Err(Broken::Limit(Limit::Body(most)));
        }
        let mut bytes = Vec::with_capacity(most.min(expected as usize));
        loop {
            match answer.chunk().await {
                Ok(None) => return Ok(bytes),
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= most => bytes.extend_from_slice(&chunk),
                Ok(Some(_)) if is_good => return Err(Broken::Limit(Limit::Body(most))),
                Ok(Some(chunk)) => {
                    bytes.extend_from_slice(&chunk[..most - bytes.len()]);
                    return Ok(bytes);
                }
                Err(error) if is_good => return Err(self.broken(&error, url)),
                // The status is known, which matters more than the rest of its page.
                Err(_) => return Ok(bytes),
            }
        }
    }

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
                        Some((200..300, _)) => Broken::NoConnection(
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
            Broken::NotHttp(hop) | Broken::Lost { hop, .. }
                if hop.address().scheme() == "http" && !self.answered.load(Ordering::Relaxed) =>
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
