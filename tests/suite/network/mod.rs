//! What lies between the job and the tenant: proxies, TLS, names, limits. Each of them ends in an exit
//! code, a kind, and words that say which part to look at.

mod between;
mod cache;
mod sent;

use std::time::Duration;

use stand_in_tenant::{Certificate, Fault, Stage, StandIn, Times, World, example};

use crate::support::{FreePort, Job, all_at_once, example, wait_until};
use between::Between;

/// A tenant of TLS, and the file that says whom to trust.
struct Secure {
    tenant: StandIn,
    ca: tempfile::NamedTempFile,
}

fn secure(certificate: Certificate) -> Secure {
    let tenant = StandIn::start_tls(World::example(), certificate);
    let ca = tempfile::Builder::new().suffix(".pem").tempfile().unwrap();
    std::fs::write(ca.path(), &tenant.ca_pem).unwrap();
    Secure { tenant, ca }
}

impl Secure {
    fn job(&self) -> Job {
        Job::against(&self.tenant).env("SSL_CERT_FILE", self.ca.path()).env("DEADLINE_SECONDS", "3")
    }

    fn job_through(&self, proxy: &Between) -> Job {
        self.job().env("HTTPS_PROXY", proxy.url("http"))
    }
}

#[test]
fn whatever_breaks_on_the_way_says_which_part_to_look_at() {
    let (good, other) = (secure(Certificate::Good), secure(Certificate::Good));
    let (wrong, expired) = (secure(Certificate::WrongHost), secure(Certificate::Expired));
    let (plain, port) = (example(), FreePort::reserve());
    let blocking = Between::saying("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let asking = Between::saying("HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n");
    let (in_the_middle, silent) = (Between::proxy(&other.tenant), Between::silent());
    let mail = Between::saying("220 mail.example ESMTP\r\n");
    // Its other name has a label of more than 63 characters, which is refused without asking anybody.
    let aliases = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(aliases.path(), format!("nowhere {}.example\n", "a".repeat(64))).unwrap();

    let tls = |url: &str| good.job().env("ATLAN_BASE_URL", url);
    let clear = |at: &Between| Job::against(&plain).env("ATLAN_BASE_URL", at.url("http"));
    let slow = || clear(&silent).env("DEADLINE_SECONDS", "3");
    let refused = format!("https://127.0.0.1:{}", port.number());
    let untold = tls("https://nowhere").env("HOSTALIASES", aliases.path());
    let impatient = tls(&silent.url("https")).env("CONNECT_TIMEOUT_SECONDS", "0.5");
    let clear_proxy = Job::against(&plain).env("HTTP_PROXY", asking.url("http"));
    let no_proxy = good.job().env("HTTPS_PROXY", port.url());
    const NETWORK: (i32, &str) = (75, "unavailable");
    const DISTRUST: (i32, &str) = (10, "untrusted_certificate");
    const NO_API: (i32, &str) = (10, "unexpected_response");
    const REJECTED: (i32, &str) = (9, "rejected");
    let cases = [
        (tls(&other.tenant.url()), DISTRUST, "signed by a CA that isn't known", "SSL_CERT_FILE"),
        (wrong.job(), DISTRUST, "not valid for name \"127.0.0.1\"", "check ATLAN_BASE_URL"),
        (expired.job(), DISTRUST, "certificate expired", "clock"),
        (tls(&refused), NETWORK, "Connection refused", "Check the host in ATLAN_BASE_URL"),
        (untold, NETWORK, "can't connect to nowhere: dns error", "letter by letter"),
        (tls(&plain.url().replace("http", "https")), NETWORK, "doesn't speak TLS on this port", "port"),
        (impatient, NETWORK, "no connection within CONNECT_TIMEOUT_SECONDS", "network"),
        (clear(&mail), NO_API, "doesn't speak HTTP as it should", "its port"),
        (slow(), NETWORK, "DEADLINE_SECONDS left the tenant no time", "raise DEADLINE_SECONDS"),
        (slow().env("REQUEST_TIMEOUT_SECONDS", "1"), NETWORK, "(REQUEST_TIMEOUT_SECONDS) (tried for ", ""),
        (good.job_through(&blocking), NETWORK, "(HTTPS_PROXY): the proxy refuses", "lets that host through"),
        (no_proxy, NETWORK, "(HTTPS_PROXY): tunnel error", "Look at the proxy that HTTPS_PROXY names"),
        (good.job_through(&asking), REJECTED, "(HTTPS_PROXY) asks for a user name", "USER:PASSWORD@"),
        (clear_proxy, REJECTED, "(HTTP_PROXY) asks for a user name", "Give them in HTTP_PROXY"),
        (good.job_through(&in_the_middle), DISTRUST, "through the proxy 127.0.0.1:", "TLS-inspecting proxy"),
    ];
    std::thread::scope(|scope| {
        for (job, (code, kind), message, hint) in cases {
            scope.spawn(move || {
                let ran = job.run();
                let report = ran.failed(code, kind, "retrieve-token");
                assert_eq!(report["changed"], false, "{ran:?}");
                ran.says(message, hint);
                let prints = ["Error(", "Context {", "Some(", "os error"];
                assert!(!prints.iter().any(|print| ran.everything().contains(print)), "{ran:?}");
            });
        }
    });
    // A certificate is no matter of time.
    assert_eq!((wrong.tenant.connections(), expired.tenant.connections()), (1, 1));
}

#[test]
fn what_cannot_be_used_is_refused_before_any_request() {
    let good = secure(Certificate::Good);
    let (code, kind) = (4, "invalid_input");
    let cases = [
        (
            "HTTPS_PROXY",
            "socks5://me:secret-sesame@127.0.0.1:1080",
            code,
            kind,
            "HTTPS_PROXY isn't the address",
        ),
        ("https_proxy", "http://me:secret-sesame@", code, kind, "https_proxy isn't the address"),
        ("ALL_PROXY", "http://me:secret-sesame#/x@127.0.0.1:1", code, kind, "ALL_PROXY isn't the address"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", 10, "untrusted_certificate", "/nowhere/ca.pem"),
        ("SSL_CERT_FILE", "/dev/null", 10, "untrusted_certificate", "none were found in PEM form"),
    ];
    all_at_once(&cases, |(variable, value, code, kind, message)| {
        let ran = good.job().env(variable, value).run();
        ran.failed(*code, kind, "configure");
        ran.says(message, "");
        assert!(!ran.everything().contains("secret-sesame"), "{ran:?}");
    });
    assert_eq!(good.tenant.connections(), 0);
}

#[test]
fn a_tenant_of_a_trusted_ca_is_reached() {
    let good = secure(Certificate::Good);
    good.job().env("DEADLINE_SECONDS", "60").run().added();
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(good.ca.path(), folder.path().join("ca.pem")).unwrap();
    let job = Job::against(&good.tenant).env("SSL_CERT_DIR", folder.path());
    assert_eq!(
        job.env("ATLAN_BASE_URL", format!("https://localhost:{}", good.tenant.port())).run().code,
        Some(0)
    );
}

#[test]
fn an_empty_variable_for_certificates_is_the_same_as_none() {
    let good = secure(Certificate::Good);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(good.ca.path(), folder.path().join("ca.pem")).unwrap();
    let folder = folder.path().to_str().unwrap();
    for (file, folder, code) in
        [("", "", 10), ("", folder, 0), (good.ca.path().to_str().unwrap(), "", 0), ("", "/nowhere", 10)]
    {
        let job = Job::against(&good.tenant).env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", folder);
        let ran = job.run();
        assert_eq!(ran.code, Some(code), "{ran:?}");
        let step = if folder == "/nowhere" { "configure" } else { "retrieve-token" };
        assert!(code == 0 || ran.report()["error"]["step"] == step, "{ran:?}");
        assert_eq!(ran.everything().contains("CA certificates"), folder == "/nowhere", "{ran:?}");
    }
}

#[test]
fn no_variable_switches_verification_off() {
    let wrong = secure(Certificate::WrongHost);
    for (name, value) in
        [("NODE_TLS_REJECT_UNAUTHORIZED", "0"), ("PYTHONHTTPSVERIFY", "0"), ("INSECURE", "true")]
    {
        wrong.job().env(name, value).run().failed(10, "untrusted_certificate", "retrieve-token");
    }
    assert!(wrong.tenant.requests().is_empty());
}

#[test]
fn a_proxy_sees_the_host_and_never_the_bearer_token() {
    let good = secure(Certificate::Good);
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Between::proxy(&good.tenant);
        let url = format!("http://me:open%20sesame@127.0.0.1:{}", proxy.port());
        // The library's rule for CGI programs must not matter.
        let job = good.job().env(variable, url).env("REQUEST_METHOD", "GET").env("DEADLINE_SECONDS", "60");
        let ran = job.env("LOG_LEVEL", "trace").run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let heard = proxy.heard();
        assert!(
            heard.starts_with(&format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", good.tenant.port())),
            "{heard}"
        );
        assert!(
            heard.contains("Basic bWU6b3BlbiBzZXNhbWU=") && !heard.contains(example::ADMIN_BEARER),
            "{heard}"
        );
        for secret in ["open%20sesame", "open sesame", "bWU6b3BlbiBzZXNhbWU="] {
            assert!(!ran.everything().contains(secret), "{ran:?}");
        }
        let exempt = good.job_through(&Between::silent()).env("NO_PROXY", "10.0.0.1 127.0.0.0/8");
        assert_eq!(exempt.run().code, Some(0));
    }
}

#[test]
fn only_a_proxy_on_this_machine_passes_on_what_is_not_encrypted() {
    // An address that leads to this machine, and doesn't say so.
    let foreign = Between::silent();
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let tenant = example();
        let ran = Job::against(&tenant).env(variable, format!("http://0.0.0.0:{}", foreign.port())).run();
        ran.added();
        assert!(ran.stderr.contains(&format!("{variable} isn't used: ")), "{ran:?}");

        let (tenant, other) = (example(), example());
        let proxy = Between::proxy(&tenant);
        Job::against(&other).env(variable, proxy.url("http").replace("127.0.0.1", "localhost")).run().added();
        assert!(proxy.heard().starts_with(&format!("GET {}/api/service/apikeys", other.url())));
    }
    assert_eq!(foreign.heard(), "");
}

#[test]
fn a_host_that_never_answered_is_tried_for_less_long_than_one_that_did() {
    let folder = tempfile::tempdir().unwrap();
    let port = FreePort::reserve();
    let away = example();
    away.fail(Stage::Read, Times::Once, Fault::Away(Duration::from_secs(3600)));
    for (name, url, seconds) in [("never", port.url(), "for up to 30 s"), ("away", away.url(), "for up to 9")]
    {
        let log = folder.path().join(name);
        let job = Job::against(&away).env("ATLAN_BASE_URL", url).env("DEADLINE_SECONDS", "98");
        let running = job.env("LOG_FILE", &log).start();
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        wait_until("another try", || said().contains("; trying again "));
        assert!(said().contains(seconds), "{name}: {}", said());
        running.signal("TERM");
        assert_eq!(running.wait().code, Some(143));
    }
}

#[test]
fn only_the_start_of_an_error_page_is_read() {
    let page = format!("<html>{}</html>", "no way ".repeat(3 << 20)).into_bytes();
    let tenant = example();
    let later = vec![("retry-after", "999".to_owned())];
    tenant.fail(Stage::Token, Times::Forever, Fault::Answer(503, later, page));
    let running = Job::against(&tenant).start();
    let status = format!("/proc/{}/status", running.child.id());
    let mut most_kib = 0;
    while let Ok(status) = std::fs::read_to_string(&status) {
        let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) else { break };
        most_kib = most_kib.max(line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap());
        std::thread::sleep(Duration::from_millis(20));
    }
    let ran = running.wait();
    let report = ran.failed(75, "unavailable", "retrieve-token");
    assert!(report["error"]["tenant"]["message"].as_str().unwrap().starts_with("<html>no way no way"));
    assert!((1..40 << 10).contains(&most_kib), "{most_kib} KiB");
}
