//! TLS: what can't be trusted is refused at once, and nothing switches that off.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use stand_in_tenant::{Certificate, Fault, Stage, StandIn, Times, World};

use crate::support::{Job, Ran};

/// A job that trusts the CA of this tenant, and no other.
fn trusting(tenant: &StandIn) -> (Job, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &tenant.ca_pem).unwrap();
    (Job::against(tenant).env("SSL_CERT_FILE", ca), folder)
}

/// Refused at the first connection, well before the deadline, with the reason and what helps.
#[track_caller]
fn is_refused(ran: &Ran, tenant: &StandIn, reason: &str, help: &str) {
    let report = ran.failed(10, "untrusted_certificate", "retrieve-token");
    let (message, hint) = (&report["error"]["message"], report["error"]["hint"].as_str().unwrap());
    assert!(message.as_str().unwrap().contains(reason), "{message}");
    assert!(hint.contains(help) && hint.contains("Verification can't be switched off"), "{hint}");
    assert_eq!((&report["changed"], &report["error"]["retryable"]), (&false.into(), &false.into()));
    assert_eq!(tenant.connections(), 1, "it tried again");
    assert!(tenant.requests().is_empty(), "it sent a request");
    assert!(ran.elapsed < Duration::from_secs(20), "{ran:?}");
}

#[test]
fn a_certificate_of_a_trusted_ca_is_accepted() {
    let tenant = StandIn::start_tls(World::example(), Certificate::Good);
    let (job, _folder) = trusting(&tenant);
    job.run().added();
}

#[test]
fn a_folder_of_ca_certificates_can_be_named() {
    let tenant = StandIn::start_tls(World::example(), Certificate::Good);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ours.pem"), &tenant.ca_pem).unwrap();
    Job::against(&tenant).env("SSL_CERT_DIR", folder.path()).run().added();
}

#[test]
fn an_unknown_ca_is_refused_at_once_even_if_it_bears_the_name_of_a_known_one() {
    for known in [Certificate::Expired, Certificate::Good] {
        let tenant = StandIn::start_tls(World::example(), Certificate::Good);
        let (job, _folder) = trusting(&StandIn::start_tls(World::example(), known));
        is_refused(
            &job.env("ATLAN_BASE_URL", tenant.url()).run(),
            &tenant,
            "CA that isn't known",
            "SSL_CERT_FILE",
        );
    }
}

#[test]
fn a_certificate_of_another_host_is_refused_at_once() {
    let tenant = StandIn::start_tls(World::example(), Certificate::WrongHost);
    let (job, _folder) = trusting(&tenant);
    is_refused(&job.run(), &tenant, "another host name", "letter by letter");
}

#[test]
fn an_expired_certificate_is_refused_at_once() {
    let tenant = StandIn::start_tls(World::example(), Certificate::Expired);
    let (job, _folder) = trusting(&tenant);
    is_refused(&job.run(), &tenant, "has expired", "renew");
}

#[test]
fn a_certificate_of_the_future_is_refused_at_once() {
    // Which is what a clock that is behind makes of a good one.
    let tenant = StandIn::start_tls(World::example(), Certificate::NotYetValid);
    let (job, _folder) = trusting(&tenant);
    let ran = job.run();
    is_refused(&ran, &tenant, "isn't valid yet", "clock");
    assert!(ran.report()["error"]["hint"].as_str().unwrap().contains("clock"));
}

#[test]
fn no_variable_switches_verification_off() {
    for (name, value) in [
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
        ("PYTHONHTTPSVERIFY", "0"),
        ("GIT_SSL_NO_VERIFY", "1"),
        ("SSL_VERIFY", "false"),
        ("INSECURE", "true"),
    ] {
        let tenant = StandIn::start_tls(World::example(), Certificate::WrongHost);
        let (job, _folder) = trusting(&tenant);
        is_refused(&job.env(name, value).run(), &tenant, "another host name", "letter by letter");
    }
}

#[test]
fn a_connection_that_is_made_anew_is_verified_again() {
    // After the first request, somebody else takes the tenant's place.
    let tenant = StandIn::start_tls(World::example(), Certificate::Good);
    let (job, _folder) = trusting(&tenant);
    tenant.fail(Stage::Read, Times::Once, Fault::Away(Duration::from_secs(3600)));
    let running = job.start();
    let address = (Ipv4Addr::LOCALHOST, tenant.port()).into();
    let impostor = loop {
        match StandIn::listen(World::example(), address, Some(Certificate::Good)) {
            Ok(impostor) => break impostor,
            Err(_) => std::thread::sleep(Duration::from_millis(5)), // the tenant isn't away yet
        }
    };
    let ran = running.wait();
    ran.failed(10, "untrusted_certificate", "retrieve-connection-admins");
    assert!(impostor.requests().is_empty());
}

/// Accepts one connection, reads what the client says first, answers with `reply`.
fn first_words(reply: &'static [u8]) -> (String, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut words = vec![0; 4096];
        let length = stream.read(&mut words).unwrap();
        words.truncate(length);
        stream.write_all(reply).unwrap();
        // Until the client has read the reply and gone.
        let _ = stream.read(&mut [0; 64]);
        words
    });
    (url, server)
}

fn offered_to(url: &str) -> Ran {
    let tenant = StandIn::start_tls(World::example(), Certificate::Good);
    let (job, _folder) = trusting(&tenant);
    job.env("ATLAN_BASE_URL", url).env("DEADLINE_SECONDS", "30").run()
}

#[test]
fn versions_before_tls_1_2_are_neither_offered_nor_accepted() {
    // A ServerHello of TLS 1.1: record, handshake header, version, random, no session, a cipher.
    const TLS_1_1: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
        0123456789abcdef0123456789abcdef\x00\xc0\x13\x00";
    let (url, server) = first_words(TLS_1_1);
    let ran = offered_to(&url);
    let hello = server.join().unwrap();

    ran.failed(10, "unexpected_response", "retrieve-token");
    ran.says("speaks no version of TLS from 1.2 on", "must be switched on there");
    // The extension supported_versions: number 43, length 5, a list of 4 bytes: 1.3 and 1.2.
    let versions = [0, 43, 0, 5, 4, 3, 4, 3, 3];
    assert!(hello.windows(versions.len()).any(|window| window == versions), "{hello:?}");
}
