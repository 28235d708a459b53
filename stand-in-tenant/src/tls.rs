//! Certificates for loopback, good ones and bad ones.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use time::{Duration, OffsetDateTime};
use tokio_rustls::TlsAcceptor;

/// What is wrong with the server's certificate, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing: it is for 127.0.0.1 and localhost.
    Good,
    /// It is for another host.
    WrongHost,
    /// It has expired.
    Expired,
}

/// The server's side of TLS, and the CA's certificate as PEM.
pub(crate) fn acceptor(certificate: Certificate) -> (TlsAcceptor, String) {
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
    // CAs of one kind bear one name, with different keys. It isn't the server's: where the two are
    // one, OpenSSL takes the server's certificate for self-signed.
    ca.distinguished_name.push(DnType::CommonName, format!("stand-in CA, {certificate:?}"));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).expect("a CA").pem();
    let issuer = Issuer::new(ca, ca_key);

    let key = KeyPair::generate().expect("a key");
    let names: &[&str] = match certificate {
        Certificate::WrongHost => &["tenant.example"],
        _ => &["127.0.0.1", "localhost"],
    };
    let mut leaf = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        .expect("names");
    leaf.distinguished_name.push(DnType::CommonName, "stand-in tenant");
    let now = OffsetDateTime::now_utc();
    let (from, until) = match certificate {
        Certificate::Expired => (-30, -1),
        _ => (-30, 30),
    };
    (leaf.not_before, leaf.not_after) = (now + Duration::days(from), now + Duration::days(until));
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");

    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        )
        .expect("a server configuration");
    (TlsAcceptor::from(Arc::new(config)), ca_pem)
}
