//! TLS: which certificates to trust. Nothing here can switch verification off.

use std::env;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use tracing::warn;

/// The TLS configuration: TLS 1.2 and 1.3, trusting the machine's CA certificates, or those that
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` name. They are read only if TLS will be used.
///
/// # Errors
///
/// Says why, if there is no certificate to trust.
pub(super) fn config(will_be_used: bool) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if will_be_used {
        let found = trusted();
        for error in &found.errors {
            warn!("CA certificates: {error}");
        }
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let reason = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(format!("no CA certificates were found on this machine{reason}"));
        }
    }
    let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// The CA certificates to trust. Where the machine keeps them in one file, that is enough: the
/// directory beside it holds the same ones again, each in a file of its own, and reading those
/// as well would be most of what a run does before its first request.
fn trusted() -> CertificateResult {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| env::var_os(name).is_some());
    if cfg!(target_os = "linux") && !named {
        let file = openssl_probe::probe().cert_file;
        let found = load_certs_from_paths(file.as_deref(), None);
        if !found.certs.is_empty() {
            return found;
        }
    }
    load_native_certs()
}
