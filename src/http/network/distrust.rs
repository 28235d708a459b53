//! Why a certificate isn't trusted, in words that say what to do about it. The TLS library's own
//! words for most of this are debug prints.

use std::fmt;
use std::time::{Duration, SystemTime};

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use crate::text;

/// What helps where a CA is missing.
const NAME_THE_CA: &str = "If the server is behind a TLS-inspecting proxy or has a CA of your own, name that CA's \
     certificate (PEM) in SSL_CERT_FILE, or a folder of them in SSL_CERT_DIR; otherwise check ATLAN_BASE_URL.";

const MAKE_ANOTHER: &str = "Whoever runs the server must have another certificate made.";

/// Why a certificate isn't trusted.
#[derive(Clone, Debug)]
pub(crate) struct Distrust {
    /// What is wrong, as the rest of a sentence.
    pub(super) what: String,
    /// What to do about it.
    pub(super) hint: &'static str,
}

impl Distrust {
    fn new(what: impl Into<String>, hint: &'static str) -> Distrust {
        Distrust { what: what.into(), hint }
    }

    /// What the TLS library complains of.
    pub(super) fn of(why: &CertificateError) -> Distrust {
        match why {
            // Its end is before its start.
            CertificateError::Expired => Distrust::expired(None),
            CertificateError::ExpiredContext { not_after, .. } => Distrust::expired(date(not_after)),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Distrust::of_the_future(date(not_before))
            }
            CertificateError::UnknownIssuer => {
                Distrust::new("it is signed by a CA that isn't known here, or by itself", NAME_THE_CA)
            }
            CertificateError::BadSignature => Distrust::new(
                "it is signed by a CA that isn't known here, though one of that name is, or with an RSA key of less \
                 than 2048 bits",
                NAME_THE_CA,
            ),
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                Distrust::new(
                    "it names no host: it has no subjectAltName",
                    "Whoever runs the server must have one made with the host in its subjectAltName; the common name \
                     alone isn't looked at by anybody any more.",
                )
            }
            CertificateError::NotValidForNameContext { presented, .. } => Distrust::other_host(presented),
            CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id,
                ..
            } => Distrust::algorithm(signature_algorithm_id),
            CertificateError::InvalidPurposeContext { .. } => {
                Distrust::new("it isn't for servers: its extended key usage says so", MAKE_ANOTHER)
            }
            CertificateError::Other(other) => match other.0.downcast_ref() {
                Some(webpki::Error::CaUsedAsEndEntity) => Distrust::new(
                    "it is a CA's own and not a server's, as openssl req -x509 makes it",
                    "Have a certificate made for the server and signed by that CA, whose own belongs in \
                     SSL_CERT_FILE; or make a self-signed one with -addext basicConstraints=critical,CA:FALSE and \
                     -addext subjectAltName=DNS:the.host, and name it there.",
                ),
                Some(webpki::Error::EndEntityUsedAsCa) => {
                    Distrust::new("it is signed with a certificate that isn't a CA's", MAKE_ANOTHER)
                }
                // As openssl x509 -req makes it without an -extfile.
                Some(webpki::Error::UnsupportedCertVersion) => {
                    Distrust::new("it is of X.509 version 1 or 2, without extensions", MAKE_ANOTHER)
                }
                Some(rule) => Distrust::of_a_rule(rule),
                None => Distrust::of_a_rule(other),
            },
            other => Distrust::of_a_rule(other),
        }
    }

    /// `why` says in its name what is wrong, as `NameConstraintViolation` does.
    fn of_a_rule(why: &dyn fmt::Debug) -> Distrust {
        let print = format!("{why:?}");
        let name = print.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let words: String = name
            .chars()
            .flat_map(|c| c.is_uppercase().then_some(' ').into_iter().chain(c.to_lowercase()))
            .collect();
        Distrust::new(format!("it breaks a rule for certificates:{words}"), MAKE_ANOTHER)
    }

    fn expired(when: Option<String>) -> Distrust {
        let when = when.map(|when| format!(" on {when}")).unwrap_or_default();
        Distrust::new(
            format!("it, or that of the CA that signed it, has expired{when}"),
            "Whoever runs the server must renew it. If that date is still to come, this machine's clock is wrong.",
        )
    }

    fn of_the_future(when: Option<String>) -> Distrust {
        let when = when.map(|when| format!(" before {when}")).unwrap_or_default();
        Distrust::new(
            format!("it isn't valid yet{when}"),
            "This machine's clock is most likely behind: set it, and run again.",
        )
    }

    fn other_host(presented: &[String]) -> Distrust {
        // As in DnsName("acme.example") and IpAddress(127.0.0.1).
        let inside = |name: &String| {
            let (_, rest) = name.split_once('(')?;
            Some(text::bounded(rest.strip_suffix(')')?.trim_matches('"'), 100))
        };
        let names: Vec<String> = presented.iter().filter_map(inside).take(3).collect();
        let more = if presented.len() > names.len() { ", …" } else { "" };
        let names = if names.is_empty() { String::new() } else { format!(" ({}{more})", names.join(", ")) };
        Distrust::new(
            format!("it is for another host name{names}"),
            "Check the host in ATLAN_BASE_URL letter by letter; if it is right, whoever runs the server must have a \
             certificate made that names it in its subjectAltName.",
        )
    }

    /// `id` is DER: the tag 6, the length of the OID, the OID, and perhaps parameters.
    fn algorithm(id: &[u8]) -> Distrust {
        let oid = match id {
            [6, length, rest @ ..] => rest.get(..usize::from(*length)).unwrap_or_default(),
            _ => &[],
        };
        let name = match oid {
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05] => " (RSA with SHA-1)",
            [0x2b, 0x65, 0x71] => " (Ed448)",
            _ => "",
        };
        Distrust::new(
            format!("it, or that of a CA above it, is signed with an algorithm that isn't known here{name}"),
            "Whoever runs the server must have one made with RSA of 2048 bits or more, ECDSA on P-256, P-384 or \
             P-521, or Ed25519, and with SHA-256 or better.",
        )
    }
}

/// The date, if the clock of this machine can say it.
fn date(time: &UnixTime) -> Option<String> {
    // The last second of the year 9999 is the last that a certificate can name.
    let seconds = Some(time.as_secs()).filter(|seconds| *seconds < 253_402_300_800)?;
    Some(httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[test]
    fn no_complaint_is_a_debug_print() {
        let other = |error: webpki::Error| CertificateError::Other(OtherError(Arc::new(error)));
        let algorithm = |oid: &[u8]| CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: oid.to_owned(),
            supported_algorithms: Vec::new(),
        };
        let other_host = |names: &[&str]| CertificateError::NotValidForNameContext {
            expected: "acme.example".try_into().unwrap(),
            presented: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        for (why, words) in [
            (other(webpki::Error::CaUsedAsEndEntity), "openssl req -x509"),
            (other(webpki::Error::UnsupportedCertVersion), "version 1"),
            (other(webpki::Error::NameConstraintViolation), "certificates: name constraint violation"),
            (CertificateError::Other(OtherError(Arc::new(std::fmt::Error))), "breaks a rule"),
            (other_host(&["DnsName(\"tenant.example\")"]), "(tenant.example)"),
            (other_host(&["IpAddress(127.0.0.1)"]), "(127.0.0.1)"),
            (other_host(&["DirectoryName"]), "another host name"),
            (other_host(&["A(1)", "A(2)", "A(3)", "A(4)"]), "another host name (1, 2, 3, …)"),
            (algorithm(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"), "(RSA with SHA-1)"),
            (algorithm(&[6, 3, 0x2b, 0x65, 0x71]), "(Ed448)"),
            (algorithm(&[6, 200, 3]), "an algorithm that isn't known here"),
            (algorithm(&[]), "an algorithm that isn't known here"),
            (CertificateError::Revoked, "breaks a rule for certificates: revoked"),
            (CertificateError::Expired, "has expired"),
        ] {
            let Distrust { what, hint } = Distrust::of(&why);
            assert!(what.contains(words), "{what}");
            for text in [what.as_str(), hint] {
                assert!(
                    !text.contains("Error") && !text.contains("Context") && !text.contains("Name(\""),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn every_date_of_a_certificate_can_be_said() {
        for (seconds, date) in [
            (0, " on Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_700_000_000, " on Tue, 14 Nov 2023 22:13:20 GMT"),
            (253_402_300_799, " on Fri, 31 Dec 9999 23:59:59 GMT"),
            (253_402_300_800, ""),
            (u64::MAX, ""),
        ] {
            let not_after = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            let why = CertificateError::ExpiredContext { time: not_after, not_after };
            assert!(Distrust::of(&why).what.ends_with(&format!("has expired{date}")), "{seconds}");
        }
    }
}
