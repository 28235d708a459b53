//! Signatures on the curve P-521, which some TLS-inspecting proxies and private CAs use, and which
//! *ring* can't verify. Only verification: no secret is ever used here.

use p521::ecdsa::signature::hazmat::PrehashVerifier;
use p521::ecdsa::{Signature, VerifyingKey};
use ring::digest;
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// ECDSA on P-521 with one of the hashes that certificates use with it.
#[derive(Debug)]
enum EcdsaP521 {
    Sha256,
    Sha384,
    Sha512,
}

static IN_CERTIFICATES: [&dyn SignatureVerificationAlgorithm; 3] =
    [&EcdsaP521::Sha256, &EcdsaP521::Sha384, &EcdsaP521::Sha512];

static IN_HANDSHAKES: [&dyn SignatureVerificationAlgorithm; 1] = [&EcdsaP521::Sha512];

/// `known`, and those of P-521. They live as long as the process.
pub(super) fn and(known: WebPkiSupportedAlgorithms) -> WebPkiSupportedAlgorithms {
    let handshake = (SignatureScheme::ECDSA_NISTP521_SHA512, &IN_HANDSHAKES[..]);
    WebPkiSupportedAlgorithms {
        all: [known.all, &IN_CERTIFICATES].concat().leak(),
        mapping: [known.mapping, &[handshake]].concat().leak(),
    }
}

impl SignatureVerificationAlgorithm for EcdsaP521 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let hash = match self {
            EcdsaP521::Sha256 => &digest::SHA256,
            EcdsaP521::Sha384 => &digest::SHA384,
            EcdsaP521::Sha512 => &digest::SHA512,
        };
        let digest = digest::digest(hash, message);
        // As a number of the field's size; `p521` takes none that is shorter than half of it.
        let mut number = [0; 66];
        number[66 - digest.as_ref().len()..].copy_from_slice(digest.as_ref());
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify_prehash(&number, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self {
            EcdsaP521::Sha256 => alg_id::ECDSA_SHA256,
            EcdsaP521::Sha384 => alg_id::ECDSA_SHA384,
            EcdsaP521::Sha512 => alg_id::ECDSA_SHA512,
        }
    }
}
