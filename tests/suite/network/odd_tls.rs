//! Servers' TLS of odd make.

use std::sync::Arc;

use p521::ecdsa::signature::hazmat::PrehashSigner;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{RootCertStore, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion};
use time::{Duration, OffsetDateTime};

/// What is odd about a server's certificate, or about its TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Nothing: it is for 127.0.0.1 and localhost.
    Nothing,
    /// It has no subjectAltName.
    NoNames,
    /// It is a CA's own, self-signed.
    SelfSignedCa,
    /// It is self-signed, and no CA's.
    SelfSigned,
    /// It is signed by a CA whose own certificate has expired, and that by one that hasn't.
    ExpiredCa,
    /// It is signed with a certificate that isn't a CA's.
    NoCa,
    /// It is for clients.
    ForClients,
    /// The server wants a certificate from its clients, by TLS 1.3.
    WantsOne,
    /// The same, by TLS 1.2.
    WantsOneByTls12,
    /// Its CA's key is on P-521.
    CaOnP521,
    /// Its own key is, too.
    OnP521,
}

/// The server's side of TLS, and the certificate to trust, as PEM.
pub fn odd(odd: Odd) -> (ServerConfig, String) {
    match odd {
        Odd::CaOnP521 => {
            let certificate = CertificateDer::from_pem_slice(include_bytes!("p521/p256.pem")).unwrap();
            let key = PrivateKeyDer::from_pem_slice(include_bytes!("p521/p256.key")).unwrap();
            let config = builder(rustls::ALL_VERSIONS).with_no_client_auth();
            (config.with_single_cert(vec![certificate], key).unwrap(), P521_CA.to_owned())
        }
        Odd::OnP521 => {
            let certificate = CertificateDer::from_pem_slice(include_bytes!("p521/p521.pem")).unwrap();
            let key =
                CertifiedKey::new(vec![certificate], Arc::new(P521::of(include_bytes!("p521/p521.key"))));
            let config = builder(rustls::ALL_VERSIONS).with_no_client_auth();
            (config.with_cert_resolver(Arc::new(SingleCertAndKey::from(key))), P521_CA.to_owned())
        }
        _ => made_now(odd),
    }
}

/// Made by OpenSSL, since nothing else here can: `openssl req -x509 -newkey ec -pkeyopt
/// ec_paramgen_curve:secp521r1 -days 36500`, and two servers' certificates signed with it.
const P521_CA: &str = include_str!("p521/ca.pem");

fn made_now(odd: Odd) -> (ServerConfig, String) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = named("test CA", &[]);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let mut issuer = Issuer::new(ca.clone(), ca_key);
    let mut chain = Vec::new();
    if matches!(odd, Odd::ExpiredCa | Odd::NoCa) {
        let key = KeyPair::generate().unwrap();
        let mut between = named("test CA between", &[]);
        if odd == Odd::ExpiredCa {
            between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            between.not_after = OffsetDateTime::now_utc() - Duration::days(1);
        }
        chain.push(between.signed_by(&key, &issuer).unwrap().der().clone());
        issuer = Issuer::new(between, key);
    }
    let names: &[&str] = if odd == Odd::NoNames { &[] } else { &["127.0.0.1", "localhost"] };
    let mut server = named("test server", names);
    match odd {
        Odd::SelfSignedCa => server.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        Odd::SelfSigned => server.is_ca = IsCa::ExplicitNoCa,
        Odd::ForClients => server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
        _ => {}
    }
    let key = KeyPair::generate().unwrap();
    let is_self_signed = matches!(odd, Odd::SelfSignedCa | Odd::SelfSigned);
    let server = match is_self_signed {
        true => server.self_signed(&key).unwrap(),
        false => server.signed_by(&key, &issuer).unwrap(),
    };
    let trusted = if is_self_signed { server.pem() } else { ca_pem };
    chain.insert(0, server.der().clone());
    let config = match odd {
        Odd::WantsOne | Odd::WantsOneByTls12 => {
            let versions = if odd == Odd::WantsOne { TLS13 } else { TLS12 };
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder(versions).with_client_cert_verifier(verifier)
        }
        _ => builder(rustls::ALL_VERSIONS).with_no_client_auth(),
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    (config.with_single_cert(chain, key).unwrap(), trusted)
}

const TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
const TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

fn named(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(30);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
    params
}

fn builder(
    versions: &[&'static SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap()
}

/// A key on P-521, which signs handshakes.
#[derive(Clone)]
struct P521(p521::ecdsa::SigningKey);

impl P521 {
    fn of(pem: &[u8]) -> P521 {
        let PrivateKeyDer::Pkcs8(key) = PrivateKeyDer::from_pem_slice(pem).unwrap() else {
            panic!("PKCS #8")
        };
        let der = key.secret_pkcs8_der();
        // The private number is the one string of 66 bytes in it.
        let start = der.windows(2).position(|window| window == [0x04, 66]).unwrap() + 2;
        P521(p521::ecdsa::SigningKey::from_slice(&der[start..start + 66]).unwrap())
    }
}

impl std::fmt::Debug for P521 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("P521")
    }
}

impl SigningKey for P521 {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521 {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let digest = ring::digest::digest(&ring::digest::SHA512, message);
        let signature: p521::ecdsa::Signature = self.0.sign_prehash(digest.as_ref()).unwrap();
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}
