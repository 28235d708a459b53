//! From the HTTP library's error to what broke. The library wraps the errors of four others; what
//! they are about is found in the chain of causes by type, not by text, wherever a type is public.

use std::error::Error;
use std::io;
use std::sync::Arc;

use reqwest::Url;
use rustls::pki_types::InvalidDnsNameError;
use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

use super::Network;
use super::cause::{Broken, Limit, NoTls, ProxyRefusal, Waited};
use super::distrust::Distrust;
use super::hop::Hop;
use super::proxy_address::{Proxy, place};
use super::resolve::LookupError;
use crate::http::fresh::TooOld;
use crate::text;

/// How the errors of the tunnel through a proxy start. Their type isn't public.
const TUNNEL: &str = "tunnel error: ";

/// What `error` says of a request to `url`.
pub(super) fn of(error: &reqwest::Error, url: &Url, network: &Network) -> Broken {
    let first = network.hop(url);
    if let Some(failed) = find::<LookupError>(error) {
        return match failed {
            LookupError::NoSuchHost => Broken::UnknownHost(first),
            LookupError::NoAnswer => Broken::NameServer(first, None),
            LookupError::Unable(error) => Broken::Exhausted(of_system(error)),
        };
    }
    if error.is_connect() && error.is_timeout() {
        let waited = Waited { so_long: network.connect_timeout, is_connect_timeout: true };
        return network.no_connection(url, waited);
    }
    let tunnel =
        causes(error).map(ToString::to_string).find_map(|text| Some(text.strip_prefix(TUNNEL)?.to_owned()));
    if let (Some(words), Hop::Proxy(proxy)) = (&tunnel, &first)
        && let Some(broken) = of_tunnel(words, proxy, url)
    {
        return broken;
    }
    // Once the tunnel is there, it is the tenant that is spoken to.
    let hop = match first {
        Hop::Proxy(proxy) if url.scheme() == "https" && tunnel.is_none() => Hop::Behind(proxy, url.clone()),
        first => first,
    };
    if let Some(tls) = find::<rustls::Error>(error) {
        // Only in the handshake is it sure that nothing was sent. One about a client's certificate is
        // not over for a client by TLS 1.3 before it has sent a request.
        return match of_tls(tls, hop.clone(), network) {
            wanted @ Broken::ClientCertificateWanted(_) if !network.was_answered() => wanted,
            broken if error.is_connect() => broken,
            _ => Broken::Lost(hop, "TLS went wrong".to_owned()),
        };
    }
    if find::<InvalidDnsNameError>(error).is_some() {
        return Broken::NoTls(hop, NoTls::BadName);
    }
    let io = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last();
    if let Some(limit) = io.and_then(exhausted) {
        return Broken::Exhausted(limit);
    }
    let why = io.map_or_else(|| "it was closed".to_owned(), of_system);
    if error.is_connect() {
        return Broken::NoConnection(hop, why);
    }
    let hyper = find::<hyper::Error>(error);
    if hyper.is_some_and(hyper::Error::is_parse_too_large) {
        return Broken::Limit(Limit::Headers);
    }
    // What speaks before it is asked, as a mail server does: the text is all there is to tell by.
    let spoke_first = causes(error).any(|cause| cause.to_string().contains("unexpected message"));
    if spoke_first || hyper.is_some_and(hyper::Error::is_parse) {
        return Broken::NotHttp(hop);
    }
    Broken::Lost(hop, why)
}

/// True if what was to be sent got too old on the way.
pub(in crate::http) fn is_too_old(error: &reqwest::Error) -> bool {
    find::<TooOld>(error).is_some()
}

/// What a proxy that was asked to connect to `url`'s host answered, if it answered.
fn of_tunnel(words: &str, proxy: &Arc<Proxy>, url: &Url) -> Option<Broken> {
    let status = match words {
        "proxy authorization required" => Some(407),
        "unsuccessful" => None,
        "proxy response headers too long" => return Some(Broken::Limit(Limit::ProxyHeaders)),
        _ => return None,
    };
    let refusal = ProxyRefusal { target: place(url), status, words: String::new() };
    Some(Broken::Proxy(proxy.clone(), refusal))
}

fn of_tls(error: &rustls::Error, hop: Hop, network: &Network) -> Broken {
    use rustls::Error;
    let why = match error {
        Error::InvalidCertificate(why) => return Broken::Untrusted(hop, Distrust::of(why)),
        Error::AlertReceived(alert) => return of_alert(*alert, hop, network),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => NoTls::NotTls,
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => NoTls::Version,
        Error::PeerIncompatible(_) => NoTls::NothingInCommon,
        // What arrives isn't what was sent: a bad network.
        Error::DecryptError => {
            return Broken::Lost(hop, "what arrived was damaged on the way".to_owned());
        }
        Error::FailedToGetRandomBytes => {
            return Broken::Exhausted("the system gives no random numbers".to_owned());
        }
        Error::FailedToGetCurrentTime => return Broken::Exhausted("the clock is before 1970".to_owned()),
        _ => NoTls::Standard,
    };
    Broken::NoTls(hop, why)
}

fn of_alert(alert: AlertDescription, hop: Hop, network: &Network) -> Broken {
    match alert {
        AlertDescription::CertificateRequired => Broken::ClientCertificateWanted(hop),
        AlertDescription::HandshakeFailure
        | AlertDescription::NoCertificate
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
            if network.trust.was_asked_for_a_certificate() =>
        {
            Broken::ClientCertificateWanted(hop)
        }
        AlertDescription::ProtocolVersion => Broken::NoTls(hop, NoTls::Version),
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            Broken::NoTls(hop, NoTls::NothingInCommon)
        }
        AlertDescription::UnrecognisedName => Broken::NoTls(hop, NoTls::HostName),
        // The server's own trouble, which may pass.
        AlertDescription::InternalError | AlertDescription::UserCanceled => {
            let why = format!("it ended the TLS handshake with alert {}", u8::from(alert));
            Broken::NoConnection(hop, why)
        }
        other => Broken::NoTls(hop, NoTls::Alert(other.into())),
    }
}

/// Every cause of an error, the outermost first, those inside an `io::Error` too.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let outermost: &(dyn Error + 'static) = error;
    std::iter::successors(Some(outermost), |&current| {
        match current.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => current.source(),
        }
    })
}

fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// A limit of this machine, if that is what the error is about.
fn exhausted(error: &io::Error) -> Option<String> {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    let is_limit =
        matches!(error.raw_os_error(), Some(ENFILE | EMFILE)) || error.kind() == io::ErrorKind::OutOfMemory;
    is_limit.then(|| of_system(error))
}

/// An error of the operating system in words.
fn of_system(error: &io::Error) -> String {
    let words = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens on that port (connection refused)",
        io::ErrorKind::ConnectionReset => "it was reset",
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => "it was closed",
        io::ErrorKind::UnexpectedEof => "it was closed too early",
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => "no way leads there from here",
        io::ErrorKind::TimedOut => "no answer came in time",
        io::ErrorKind::PermissionDenied => "this machine doesn't allow it (a firewall or policy of its own)",
        // Its number means nothing to most people.
        _ => return text::bounded(error.to_string().split(" (os error").next().unwrap_or_default(), 200),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        let trust = super::super::Trust::load(None, None, false).unwrap();
        Network::new(Default::default(), trust, Default::default())
    }

    fn hop() -> Hop {
        Hop::Direct(Url::parse("https://acme.example").unwrap())
    }

    #[test]
    fn what_tls_complains_of_is_told_as_what_it_means() {
        use rustls::Error;
        let peer = |why| Error::PeerIncompatible(why);
        let alert = Error::AlertReceived;
        for (error, words) in [
            (Error::NoCertificatesPresented, "acme.example breaks the rules of TLS"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "doesn't speak TLS on this port"),
            (Error::InvalidMessage(InvalidMessage::InvalidEmptyPayload), "breaks the rules"),
            (peer(PeerIncompatible::ServerDoesNotSupportTls12Or13), "no version of TLS from 1.2 on"),
            (peer(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig), "no version of TLS from 1.2 on"),
            (peer(PeerIncompatible::NoSignatureSchemesInCommon), "no TLS cipher"),
            (Error::DecryptError, "what arrived was damaged on the way"),
            (Error::FailedToGetRandomBytes, "on this machine: the system gives no random numbers"),
            (Error::FailedToGetCurrentTime, "on this machine: the clock is before 1970"),
            (alert(AlertDescription::CertificateRequired), "asks for a client certificate"),
            (alert(AlertDescription::ProtocolVersion), "no version of TLS from 1.2 on"),
            (alert(AlertDescription::HandshakeFailure), "no TLS cipher"),
            (alert(AlertDescription::UnknownCA), "ended the TLS handshake with alert 48"),
            (alert(AlertDescription::UnrecognisedName), "knows no host of that name"),
            (
                alert(AlertDescription::InternalError),
                "can't connect to acme.example: it ended the TLS handshake",
            ),
        ] {
            let told = of_tls(&error, hop(), &network()).to_string();
            assert!(told.contains(words), "{error:?}: {told}");
        }
        let unknown_host = of_tls(&alert(AlertDescription::UnrecognisedName), hop(), &network());
        assert!(unknown_host.hint().contains("letter by letter"));
    }

    #[test]
    fn a_server_that_asked_for_a_certificate_and_then_only_says_no_wanted_one() {
        for (alert, wanted) in [
            (AlertDescription::HandshakeFailure, true),
            (AlertDescription::BadCertificate, true),
            (AlertDescription::ProtocolVersion, false),
            (AlertDescription::InternalError, false),
        ] {
            let asked = network();
            asked.trust.config.client_auth_cert_resolver.resolve(&[], &[]);
            let told = of_tls(&rustls::Error::AlertReceived(alert), hop(), &asked);
            assert_eq!(matches!(told, Broken::ClientCertificateWanted(_)), wanted, "{alert:?}");
        }
    }

    #[test]
    fn an_error_of_the_system_is_told_in_words() {
        use io::ErrorKind::*;
        for (kind, words) in [
            (ConnectionRefused, "nobody listens"),
            (ConnectionReset, "it was reset"),
            (BrokenPipe, "it was closed"),
            (UnexpectedEof, "it was closed too early"),
            (NetworkUnreachable, "no way leads there"),
            (TimedOut, "no answer came in time"),
            (PermissionDenied, "this machine doesn't allow it"),
        ] {
            assert!(of_system(&kind.into()).starts_with(words), "{kind}");
        }
    }

    #[test]
    fn a_limit_of_this_machine_is_told_apart_from_what_others_did() {
        for (number, is_limit) in
            [(12, true), (23, true), (24, true), (104, false), (111, false), (113, false)]
        {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(exhausted(&error).is_some(), is_limit, "{error}");
            assert!(!of_system(&error).contains("os error"), "{error}");
        }
    }
}
