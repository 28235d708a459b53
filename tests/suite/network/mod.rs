//! What lies between the job and the tenant: proxies, TLS, names, limits. Who failed is named, what
//! can't heal ends at once, and nothing goes in the clear to a machine that has no business with it.

mod between;
mod cache;
mod certificates;
mod odd_tls;
mod proxies;
mod sent;
mod tls;

use std::time::Duration;

use stand_in_tenant::{Certificate, Fault, Stage, StandIn, Times, World};

use crate::support::{Job, Ran, all_at_once};
use between::{Between, Files, Manner};

/// Much longer than what ends at once may take, and shorter than the deadline.
const AT_ONCE: Duration = Duration::from_secs(20);

fn tls_tenant() -> (StandIn, Files) {
    let tenant = StandIn::start_tls(World::example(), Certificate::Good);
    let files = Files::with([("ca.pem", tenant.ca_pem.as_bytes())]);
    (tenant, files)
}

fn trusting(tenant: &StandIn, files: &Files) -> Job {
    Job::against(tenant).env("SSL_CERT_FILE", files.path("ca.pem"))
}

#[track_caller]
fn says(ran: &Ran, message: &str, hint: &str) {
    let error = &ran.report()["error"];
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    assert!(text("message").contains(message), "{message}: {error:#}");
    assert!(text("hint").contains(hint), "{hint}: {error:#}");
    let everything = ran.everything();
    for print in ["Error(", "Context {", "Some(", "os error", "DnsName", "{:?}"] {
        assert!(!everything.contains(print), "{print}: {everything}");
    }
}

#[track_caller]
fn ends_at_once(ran: &Ran, code: i32, kind: &str, step: &str) {
    ran.failed(code, kind, step);
    assert!(ran.elapsed < AT_ONCE, "{ran:?}");
}

// Connections and names.

#[test]
fn a_tenant_that_has_answered_is_not_asked_whether_it_speaks_tls() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Read, Times::Once, Fault::Reset);
    Job::against(&tenant).run().added();
    assert_eq!(tenant.connections(), 2);
}

#[test]
fn a_refusal_that_breaks_off_is_a_refusal_all_the_same() {
    let tenant = StandIn::start(World::example());
    let page = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\n<html>no".to_vec();
    tenant.fail(Stage::Read, Times::Forever, Fault::Raw(page));
    let ran = Job::against(&tenant).run();
    ends_at_once(&ran, 10, "unexpected_response", "retrieve-connection-admins");
    says(&ran, "status 403", "");
}

#[test]
fn a_connection_that_is_not_answered_is_told_with_the_input_that_limits_it() {
    let (tenant, files) = tls_tenant();
    let silent = Between::start(Manner::Silence, None);
    let job = |url: String| {
        let job = trusting(&tenant, &files).env("ATLAN_BASE_URL", url);
        job.env("CONNECT_TIMEOUT_SECONDS", "0.5").env("DEADLINE_SECONDS", "3")
    };
    let ran = job(silent.url("https")).run();
    ran.failed(75, "unavailable", "retrieve-token");
    says(&ran, "can't connect to 127.0.0.1:", "a firewall drops the packets");
    says(&ran, "no connection within 0.5 s (CONNECT_TIMEOUT_SECONDS)", "port");

    let ran = job(tenant.url()).env("HTTPS_PROXY", silent.url("http")).run();
    ran.failed(75, "unavailable", "retrieve-token");
    says(&ran, "can't connect to the proxy 127.0.0.1:", "HTTPS_PROXY");
}

#[test]
fn a_host_that_does_not_exist_is_waited_for_ten_seconds() {
    // Its other name has a label of more than 63 characters: the resolver refuses it without asking
    // anybody.
    let aliases = Files::with([("aliases", format!("nowhere {}.example\n", "a".repeat(64)).as_bytes())]);
    let (tenant, files) = tls_tenant();
    let job = trusting(&tenant, &files).env("ATLAN_BASE_URL", "https://nowhere");
    let ran = job.env("HOSTALIASES", aliases.path("aliases")).run();
    ran.failed(75, "unavailable", "retrieve-token");
    says(&ran, "there is no host of that name", "letter by letter");
    says(&ran, "", "If only a proxy leads out of this network, name it in HTTPS_PROXY");
    assert!(ran.elapsed > Duration::from_secs(4) && ran.elapsed < Duration::from_secs(60), "{ran:?}");
}

// Limits.

#[test]
fn too_many_headers_are_told_as_a_limit() {
    let many = (0..120).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let long = format!("x-long: {}\r\n", "y".repeat(1 << 20));
    all_at_once(&[many, long], |headers| {
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\n{{}}");
        let server = Between::start(Manner::Say(answer.into()), None);
        let tenant = StandIn::start(World::example());
        let ran = Job::against(&tenant).env("ATLAN_BASE_URL", server.url("http")).run();
        ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
        says(
            &ran,
            "more than 100 headers, or more than 400 KiB of them: this program takes no more",
            "gateway",
        );
    });
}

#[test]
fn no_compression_is_asked_for_and_none_is_understood() {
    let tenant = StandIn::start(World::example());
    Job::against(&tenant).run().added();
    let requests = tenant.requests();
    assert!(requests.iter().all(|request| request.header("accept-encoding") == Some("identity")));

    let gzip = vec![("content-encoding", "gzip".to_owned())];
    tenant.fail(Stage::Token, Times::Once, Fault::Answer(200, gzip.clone(), vec![0x1f, 0x8b, 8, 0]));
    let ran = Job::against(&tenant).run();
    ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
    says(&ran, "the answer is compressed (gzip)", "gateway");

    tenant.fail(Stage::Token, Times::Once, Fault::Answer(404, gzip, vec![0x1f, 0x8b, 8, 0]));
    assert!(Job::against(&tenant).run().report()["error"]["tenant"].is_null());
}

#[test]
fn an_answer_that_is_too_large_is_told_with_the_limit() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Token, Times::Once, Fault::Flood(5 << 20));
    let ran = Job::against(&tenant).run();
    ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
    says(&ran, "the answer is larger than 4 MiB: this program takes no more", "report this");
}

#[test]
fn only_the_start_of_an_error_page_is_read() {
    let page = || format!("<html>{}</html>", "no way ".repeat(3 << 20)).into_bytes();
    let tenant = StandIn::start(World::example());
    let later = vec![("retry-after", "999".to_owned())];
    tenant.fail(Stage::Token, Times::Forever, Fault::Answer(503, later, page()));
    let running = Job::against(&tenant).start();
    let status = format!("/proc/{}/status", running.child.id());
    let mut most_kib = 0;
    while let Ok(status) = std::fs::read_to_string(&status) {
        let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) else { break };
        most_kib = most_kib.max(line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap());
        std::thread::sleep(Duration::from_millis(20));
    }
    let ran = running.wait();
    ran.failed(75, "unavailable", "retrieve-token");
    assert!(ran.report()["error"]["tenant"]["message"].as_str().unwrap().starts_with("<html>no way no way"));
    assert!((1..40 << 10).contains(&most_kib), "{most_kib} KiB");
}
