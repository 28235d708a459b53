//! The way to the tenant: which proxy, which CA certificates, which limits. The libraries do it; ours
//! are only the rules without which they would be unsafe, or silent.

use std::env;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openssl_probe::ProbeResult;
use reqwest::{ClientBuilder, Url};
use rustls::{CipherSuite, ClientConfig, RootCertStore};
use rustls_native_certs::ErrorKind::Io;
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use tokio::task::spawn_blocking;
use tracing::warn;

use super::proxy::Proxy;
use crate::budget::{Budget, Over};
use crate::config::{Access, Credentials, is_localhost};
use crate::error::{ErrorKind, Failure, Step};
use crate::text;
use crate::text::redact::Redactor;

/// Reading the CA certificates takes milliseconds, unless one is a pipe that nobody writes to.
const TIME_FOR_CERTIFICATES: Duration = Duration::from_secs(10);

/// Makes `client` go the way that the variables around the program want. Answers the proxy, too, if
/// there is one.
///
/// # Errors
///
/// `invalid_input` if the proxy's variable can't be used; `untrusted_certificate` if TLS is needed and
/// no CA certificate can be read.
pub(super) async fn lead(
    client: ClientBuilder,
    access: &Access,
    redactor: &Redactor,
    budget: &Budget,
) -> Result<(ClientBuilder, Option<Proxy>), Failure> {
    let mut targets = vec![&access.services.heracles, &access.services.atlas];
    if let Credentials::Impersonation { client, .. } = &access.credentials {
        targets.push(&client.server);
    }
    let proxy = Proxy::choose(&access.surroundings, &targets, redactor).map_err(|message| {
        let hint = "Set it right, or unset it. Nothing was sent.";
        Failure::new(ErrorKind::InvalidInput, Step::Configure, message, hint)
    })?;
    let ends = || targets.iter().copied().chain(proxy.as_ref().map(|proxy| &proxy.url));
    let tls = tls(ends().any(|url| url.scheme() == "https"), redactor, budget).await?;
    let mut client = client.no_proxy().tls_backend_preconfigured(tls).connect_timeout(access.connect_timeout);
    // What goes there without encryption relies on it, so no name service is asked (RFC 6761).
    let loopback = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), (Ipv6Addr::LOCALHOST, 0).into()];
    for name in ends().filter_map(Url::host_str).filter(|name| is_localhost(name)) {
        client = client.resolve_to_addrs(name, &loopback);
    }
    Ok((proxy.iter().fold(client, |client, proxy| client.proxy(proxy.rule())), proxy))
}

/// TLS 1.2 and 1.3, with certificates of those CAs that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or
/// else of those of the machine. They are read only if TLS is `needed`. Nothing switches verification off.
async fn tls(needed: bool, redactor: &Redactor, budget: &Budget) -> Result<ClientConfig, Failure> {
    if !needed {
        return Ok(trusting(RootCertStore::empty()));
    }
    let roots = match budget.limit(TIME_FOR_CERTIFICATES, spawn_blocking(roots)).await {
        Ok(Some(Ok(roots))) => roots,
        Err(Over::Stopped(signal)) => return Err(signal.failure(Step::Configure)),
        _ => Err("they couldn't be read in time".to_owned()),
    };
    roots.map(trusting).map_err(|why| {
        let message = format!("no CA certificates to trust: {}", redactor.clean_foreign(&why));
        let hint = "Name CA certificates (PEM) in SSL_CERT_FILE, or a folder of them in SSL_CERT_DIR.";
        Failure::new(ErrorKind::UntrustedCertificate, Step::Configure, text::bounded(&message, 300), hint)
    })
}

#[allow(clippy::expect_used, reason = "ring has ciphers for both versions")]
fn trusting(roots: RootCertStore) -> ClientConfig {
    let mut ring = rustls::crypto::ring::default_provider();
    // As browsers want it: SHA-256 is half of the work of SHA-384.
    ring.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    let builder = ClientConfig::builder_with_provider(Arc::new(ring));
    let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
    let mut made = builder.with_root_certificates(roots).with_no_client_auth();
    made.resumption = rustls::client::Resumption::disabled(); // there is one connection
    made
}

/// What `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or else the machine's. An empty `SSL_CERT_FILE` is the
/// same as none; the library takes it for the name of a file.
fn found() -> CertificateResult {
    let names_no_folder = env::var_os("SSL_CERT_DIR").is_none_or(|folders| folders.is_empty());
    if names_no_folder && env::var_os("SSL_CERT_FILE").is_some_and(|file| file.is_empty()) {
        let ProbeResult { cert_file, cert_dir, .. } = openssl_probe::probe();
        return load_certs_from_paths(cert_file.as_deref(), cert_dir.first().map(PathBuf::as_path));
    }
    let mut found = load_native_certs();
    found.errors.retain(|error| !matches!(&error.kind, Io { path, .. } if path.as_os_str().is_empty()));
    found
}

/// The certificates to trust: at least one.
fn roots() -> Result<RootCertStore, String> {
    let found = found();
    let mut roots = RootCertStore::empty();
    let (added, unusable) = roots.add_parsable_certificates(found.certs);
    let mut problems: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
    if unusable > 0 {
        problems.push(format!("{unusable} of {} can't be read", added + unusable));
    }
    if added == 0 {
        return Err(problems.into_iter().next().unwrap_or_else(|| "none were found in PEM form".to_owned()));
    }
    problems.iter().for_each(|problem| warn!("CA certificates: {problem}"));
    Ok(roots)
}
