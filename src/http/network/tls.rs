//! TLS: which certificates to trust. Nothing here can switch verification off.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use rustls_native_certs::{CertificateResult, ErrorKind, load_certs_from_paths, load_native_certs};
use tracing::warn;

use super::p521;
use crate::text;

/// A bundle of all CAs that anybody knows is a quarter of a MiB.
const LARGEST_FILE: u64 = 16 << 20;

const NO_PEM: &str = "no line in it starts with -----BEGIN CERTIFICATE-----";

/// What is trusted, and what servers asked for.
#[derive(Clone)]
pub(crate) struct Trust {
    /// TLS 1.2 and 1.3, with certificates of the CAs that were loaded.
    pub(crate) config: ClientConfig,
    client_certificate: Arc<NoClientCertificate>,
}

impl Trust {
    /// Trusts the CA certificates that `SSL_CERT_FILE` and `SSL_CERT_DIR` name (several folders
    /// with colons between), or else those of the machine. They are read, which can block, only if
    /// TLS is `needed`.
    ///
    /// # Errors
    ///
    /// Says what is wrong, naming the variable and the file, if there is no certificate to trust.
    pub(crate) fn load(
        ssl_cert_file: Option<&str>,
        ssl_cert_dir: Option<&str>,
        needed: bool,
    ) -> Result<Trust, String> {
        let roots = if needed { roots(ssl_cert_file, ssl_cert_dir)? } else { RootCertStore::empty() };
        let known = ring::default_provider();
        let algorithms = p521::and(known.signature_verification_algorithms);
        let provider = CryptoProvider { signature_verification_algorithms: algorithms, ..known };
        let client_certificate = Arc::new(NoClientCertificate::default());
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| "TLS can't be set up".to_owned())?
            .with_root_certificates(roots)
            .with_client_cert_resolver(client_certificate.clone());
        Ok(Trust { config, client_certificate })
    }

    /// True if a server asked for a client certificate.
    pub(crate) fn was_asked_for_a_certificate(&self) -> bool {
        self.client_certificate.0.load(Ordering::Relaxed)
    }
}

/// Has no client certificate, and remembers that one was asked for: most servers say no more than
/// "handshake failure" when they don't get it.
#[derive(Debug, Default)]
struct NoClientCertificate(AtomicBool);

impl ResolvesClientCert for NoClientCertificate {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The certificates to trust: at least one.
fn roots(file: Option<&str>, folders: Option<&str>) -> Result<RootCertStore, String> {
    let mut found = Found { roots: RootCertStore::empty(), problems: Vec::new() };
    if file.is_none() && folders.is_none() {
        if ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|name| std::env::var_os(name).is_some()) {
            // There, and empty: the library would look for a file without a name.
            let places = openssl_probe::probe();
            found.add(load_certs_from_paths(
                places.cert_file.as_deref(),
                places.cert_dir.first().map(AsRef::as_ref),
            ));
        } else {
            found.add(load_native_certs());
        }
        if found.roots.is_empty() {
            let why = found.problems.first().map(|what| format!(" ({what})")).unwrap_or_default();
            return Err(format!("no CA certificates were found on this machine{why}"));
        }
    }
    if let Some(file) = file {
        let wrong = |what| format!("SSL_CERT_FILE names {}: {what}", text::quoted(file));
        let (certificates, problem) = read(file).map_err(wrong)?;
        if found.add_certificates(certificates) == 0 {
            return Err(wrong(problem.unwrap_or("none of the certificates in it can be read").to_owned()));
        }
        found.problems.extend(problem.map(|what| wrong(what.to_owned())));
    }
    if let Some(folders) = folders {
        for folder in std::env::split_paths(folders).filter(|folder| !folder.as_os_str().is_empty()) {
            found.add(load_certs_from_paths(None, Some(&folder)));
        }
        if found.roots.is_empty() {
            let what = found.problems.pop().unwrap_or_else(|| NO_PEM.to_owned());
            return Err(format!("SSL_CERT_DIR names {}: {what}", text::quoted(folders)));
        }
    }
    for problem in found.problems {
        warn!("CA certificates: {problem}");
    }
    Ok(found.roots)
}

/// What was found on the way, and what was wrong with some of it.
struct Found {
    roots: RootCertStore,
    problems: Vec<String>,
}

impl Found {
    fn add(&mut self, found: CertificateResult) {
        self.problems.extend(found.errors.iter().map(|error| match &error.kind {
            ErrorKind::Io { inner, path } => {
                format!("{}: {}", text::quoted(&path.to_string_lossy()), of_system(inner))
            }
            ErrorKind::Pem(error) => of_pem(error).to_owned(),
            _ => "the system's store can't be read".to_owned(),
        }));
        self.add_certificates(found.certs);
    }

    /// Says how many could be read.
    fn add_certificates(&mut self, certificates: Vec<CertificateDer<'static>>) -> usize {
        let all = certificates.len();
        let (added, unusable) = self.roots.add_parsable_certificates(certificates);
        if unusable > 0 {
            self.problems.push(format!("{unusable} of {all} can't be read"));
        }
        added
    }
}

/// The certificates in a file, and what is wrong with another one there. Not nothing.
fn read(path: &str) -> Result<(Vec<CertificateDer<'static>>, Option<&'static str>), String> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(|error| of_system(&error))?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut content).map_err(|error| of_system(&error))?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(format!("it is larger than {} MiB", LARGEST_FILE >> 20));
    }
    let (mut certificates, mut problem) = (Vec::new(), None);
    for section in CertificateDer::pem_slice_iter(&content) {
        match section {
            Ok(certificate) => certificates.push(certificate),
            Err(error) => problem = Some(of_pem(&error)),
        }
    }
    if !certificates.is_empty() || problem.is_some() {
        return Ok((certificates, problem));
    }
    let has = |what: &[u8]| content.windows(what.len()).any(|window| window == what);
    Err(match content.as_slice() {
        [] => "it is empty".to_owned(),
        // A sequence of more than 255 bytes, as every certificate is.
        [0x30, 0x82, ..] => {
            "it isn't in PEM form, most likely in DER: convert it with openssl x509 -inform der".to_owned()
        }
        _ if has(b"PRIVATE KEY-----") => "it holds a private key and no certificate".to_owned(),
        _ => NO_PEM.to_owned(),
    })
}

/// What is wrong with text that should be certificates.
fn of_pem(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => {
            "a certificate in it is cut off: its -----END CERTIFICATE----- is missing"
        }
        pem::Error::Base64Decode(_) => "a certificate in it has broken base64",
        _ => "a line that starts with -----BEGIN in it doesn't end with -----",
    }
}

/// An error of the operating system about a file, without its number.
fn of_system(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => text::bounded(error.to_string().split(" (os error").next().unwrap_or_default(), 100),
    }
}
