//! TLS: which certificates to trust. Nothing here can switch verification off.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
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
        let found = rustls_native_certs::load_native_certs();
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
