//! Certificates and TLS of odd make, and the files that say whom to trust.

use stand_in_tenant::{Stage, StandIn, World};

use super::between::{Between, Files, Manner};
use super::odd_tls::{Odd, odd};
use super::{ends_at_once, says, tls_tenant, trusting};
use crate::support::{Job, Ran, all_at_once};

/// Runs the job against a server of odd TLS, trusting the CA that belongs to it.
fn against(kind: Odd) -> Ran {
    let tenant = StandIn::start(World::example());
    let (config, trusted) = odd(kind);
    let server = Between::start_tls(Manner::Gateway, Some(&tenant), config);
    let files = Files::with([("ca.pem", trusted.as_bytes())]);
    let ran = trusting(&tenant, &files).env("ATLAN_BASE_URL", server.url("https")).run();
    if ran.code == Some(10) {
        assert!(tenant.requests().is_empty(), "{kind:?}: it sent a request");
        assert_eq!(server.connections(), 1, "{kind:?}: it tried again");
    }
    ran
}

#[test]
fn each_certificate_that_is_odd_is_refused_with_the_reason_and_what_helps() {
    let cases = [
        (Odd::NoNames, "it has no subjectAltName", "subjectAltName"),
        (Odd::SelfSignedCa, "a CA's own and not a server's, as openssl req -x509 makes it", "CA:FALSE"),
        (Odd::ExpiredCa, "or that of the CA that signed it, has expired on ", "renew"),
        (Odd::NoCa, "it is signed with a certificate that isn't a CA's", "another certificate"),
        (Odd::ForClients, "it isn't for servers", "another certificate"),
    ];
    all_at_once(&cases, |(kind, message, hint)| {
        let ran = against(*kind);
        ends_at_once(&ran, 10, "untrusted_certificate", "retrieve-token");
        says(&ran, message, hint);
        says(&ran, "the certificate of 127.0.0.1:", "Verification can't be switched off");
    });
}

#[test]
fn a_self_signed_certificate_can_be_trusted_by_name() {
    // As the hint about openssl req -x509 says.
    against(Odd::SelfSigned).added();
}

#[test]
fn certificates_on_p_521_are_verified() {
    against(Odd::Nothing).added();
    against(Odd::CaOnP521).added();
    against(Odd::OnP521).added();
}

#[test]
fn a_forged_signature_on_p_521_is_refused() {
    let tenant = StandIn::start(World::example());
    let (config, trusted) = odd(Odd::CaOnP521);
    let server = Between::start_tls(Manner::Gateway, Some(&tenant), config);
    // Another key of that name: the public key's last line of base64 is another point's.
    let other = include_str!("p521/other.pem");
    assert_ne!(trusted, other);
    let files = Files::with([("ca.pem", other.as_bytes())]);
    let ran = trusting(&tenant, &files).env("ATLAN_BASE_URL", server.url("https")).run();
    ends_at_once(&ran, 10, "untrusted_certificate", "retrieve-token");
    says(&ran, "signed by a CA that isn't known here", "SSL_CERT_FILE");
}

#[test]
fn a_server_that_wants_a_client_certificate_is_told_as_that() {
    for kind in [Odd::WantsOne, Odd::WantsOneByTls12] {
        let ran = against(kind);
        ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
        says(&ran, "asks for a client certificate", "use an address of the tenant that asks for none");
    }
}

#[test]
fn http_to_a_port_that_speaks_tls_is_told_as_that() {
    let (tenant, _) = tls_tenant();
    let url = format!("http://127.0.0.1:{}", tenant.port());
    let ran = Job::against(&tenant).env("ATLAN_BASE_URL", url).run();
    ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
    says(
        &ran,
        "speaks TLS, and was asked by plain HTTP",
        "Write https:// instead of http:// in ATLAN_BASE_URL",
    );
}

#[test]
fn https_to_a_port_that_does_not_speak_it_is_told_as_that() {
    let (tenant, files) = tls_tenant();
    let clear = StandIn::start(World::example());
    let greeting = Between::start(Manner::Greet(b"220 mail.example ESMTP\r\n"), None);
    for port in [clear.port(), greeting.port()] {
        let ran = trusting(&tenant, &files).env("ATLAN_BASE_URL", format!("https://127.0.0.1:{port}")).run();
        ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
        says(&ran, "doesn't speak TLS on this port", "https:// wants a port that speaks TLS");
    }
}

#[test]
fn what_speaks_neither_http_nor_tls_is_told_as_that() {
    let tenant = StandIn::start(World::example());
    let greeting = Between::start(Manner::Greet(b"220 mail.example ESMTP\r\n"), None);
    let answering = Between::start(Manner::Say(b"-ERR unknown command\r\n".to_vec()), None);
    for server in [greeting, answering] {
        let ran = Job::against(&tenant).env("ATLAN_BASE_URL", server.url("http")).run();
        ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
        says(&ran, "doesn't speak HTTP", "ATLAN_BASE_URL");
    }
}

#[test]
fn a_proxy_that_speaks_tls_is_to_be_named_so() {
    let (tenant, files) = tls_tenant();
    let (config, _) = odd(Odd::Nothing);
    let proxy = Between::start_tls(Manner::Proxy, Some(&tenant), config);
    let ran =
        trusting(&tenant, &files).env("HTTPS_PROXY", proxy.url("http")).env("DEADLINE_SECONDS", "5").run();
    ran.failed(10, "unexpected_response", "retrieve-token");
    says(&ran, "the proxy 127.0.0.1:", "Write https:// instead of http:// in HTTPS_PROXY");
}

#[test]
fn a_file_of_certificates_that_cannot_be_used_is_named_with_what_is_wrong() {
    let (tenant, good) = tls_tenant();
    let pem = tenant.ca_pem.as_str();
    let cut: String = pem.lines().take(4).map(|line| format!("{line}\n")).collect();
    let broken = pem.replacen("\nM", "\n*", 1);
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let files = Files::with([
        ("empty.pem", b"".as_slice()),
        ("text.pem", b"hello\n"),
        ("indented.pem", pem.replace('\n', "\n  ").trim_start_matches('-').as_bytes()),
        ("ca.der", &[0x30, 0x82, 0x01, 0x0a, 0x02]),
        ("key.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        ("cut.pem", cut.as_bytes()),
        ("broken.pem", broken.as_bytes()),
        ("nonsense.pem", nonsense.as_bytes()),
    ]);
    let of = |name: &str| files.path(name).to_str().unwrap().to_owned();
    let cases = [
        (files.folder().join("missing.pem").to_str().unwrap().to_owned(), "there is no such file"),
        (files.folder().to_str().unwrap().to_owned(), "it is a folder"),
        (of("empty.pem"), "it is empty"),
        (of("text.pem"), "no line in it starts with -----BEGIN CERTIFICATE-----"),
        (of("indented.pem"), "no line in it starts with -----BEGIN CERTIFICATE-----"),
        (of("ca.der"), "openssl x509 -inform der"),
        (of("key.pem"), "a private key and no certificate"),
        (of("cut.pem"), "cut off"),
        (of("broken.pem"), "broken base64"),
        (of("nonsense.pem"), "none of the certificates in it can be read"),
        ("/dev/zero".to_owned(), "larger than 16 MiB"),
    ];
    all_at_once(&cases, |(path, what)| {
        let ran = Job::against(&tenant).env("SSL_CERT_FILE", path).run();
        ends_at_once(&ran, 10, "untrusted_certificate", "configure");
        says(&ran, &format!("SSL_CERT_FILE names \"{path}\": "), "SSL_CERT_FILE");
        says(&ran, what, "PEM");
    });
    let (empty, broken_only) = (tempfile::tempdir().unwrap(), Files::with([("ca.pem", broken.as_bytes())]));
    for (folder, what) in [
        (empty.path().to_owned(), "no line in it starts with"),
        (empty.path().join("missing"), "there is no such file"),
        (broken_only.folder().to_owned(), "broken base64"),
    ] {
        let ran = Job::against(&tenant).env("SSL_CERT_DIR", &folder).run();
        ends_at_once(&ran, 10, "untrusted_certificate", "configure");
        says(&ran, &format!("SSL_CERT_DIR names \"{}\": ", folder.display()), "SSL_CERT_DIR");
        says(&ran, what, "");
    }
    assert_eq!(tenant.connections(), 0);

    // What is empty isn't there.
    for (variable, value) in [("SSL_CERT_FILE", ""), ("SSL_CERT_FILE", " "), ("SSL_CERT_DIR", " ")] {
        let ran = Job::against(&tenant).env(variable, value).run();
        let message = ran.report()["error"]["message"].as_str().unwrap().to_owned();
        let machine = ["CA that isn't known here", "no CA certificates were found on this machine"];
        assert!(machine.iter().any(|words| message.contains(words)), "{message}");
    }

    // One that is bad beside a good one is warned of.
    let mixed = Files::with([("mixed.pem", format!("{nonsense}{pem}").as_bytes())]);
    let folders = format!("{}:{}", empty.path().display(), good.folder().display());
    Job::against(&tenant).env("SSL_CERT_DIR", folders).run().added();
    let ran = Job::against(&tenant).env("SSL_CERT_FILE", mixed.path("mixed.pem")).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("1 of 2 can't be read"), "{ran:?}");
}

#[test]
fn what_a_gateway_says_in_the_clear_after_the_write_is_no_word_about_the_write() {
    let tenant = StandIn::start(World::example());
    let (config, trusted) = odd(Odd::Nothing);
    let gateway = Between::start_tls(Manner::ClearAnswerTo("PUT "), Some(&tenant), config);
    let files = Files::with([("ca.pem", trusted.as_bytes())]);
    let ran = trusting(&tenant, &files).env("ATLAN_BASE_URL", gateway.url("https")).run();
    ran.added();
    assert!(ran.stderr.contains("isn't known yet"), "{ran:?}");
    assert_eq!(tenant.count(Stage::Write), 1);
}
