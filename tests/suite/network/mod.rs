//! What lies between the job and the tenant: proxies, TLS, names, limits. Each of them ends in an exit
//! code, a kind, and words that say which part to look at.

mod between;
mod sent;

use serde_json::Value;
use stand_in_tenant::{Certificate, Fault, Stage, StandIn, Times, World, example};

use crate::support::{FreePort, Job, all_at_once, example, wait_until};
use between::Between;
use between::Manner::{PassOn, Refuse, Say, SayForever};

/// A tenant, and the file that says whom to trust.
struct Secure {
    tenant: StandIn,
    ca: tempfile::NamedTempFile,
}

fn secure(certificate: Certificate) -> Secure {
    Secure::new(StandIn::start_tls(World::example(), certificate))
}

impl Secure {
    fn new(tenant: StandIn) -> Secure {
        let ca = tempfile::Builder::new().suffix(".pem").tempfile().unwrap();
        std::fs::write(ca.path(), &tenant.ca_pem).unwrap();
        Secure { tenant, ca }
    }

    fn job(&self) -> Job {
        Job::against(&self.tenant).env("SSL_CERT_FILE", self.ca.path()).env("DEADLINE_SECONDS", "3")
    }
}

type Ending = (i32, &'static str, &'static str);
const NETWORK: Ending = (75, "unavailable", "retrieve-token");
const DISTRUST: Ending = (10, "untrusted_certificate", "retrieve-token");
const NO_API: Ending = (10, "unexpected_response", "retrieve-token");
const REJECTED: Ending = (9, "rejected", "retrieve-token");
const INVALID: Ending = (4, "invalid_input", "configure");
const NO_CA: Ending = (10, "untrusted_certificate", "configure");

/// Each job ends like this, and says these words in its message and its hint.
fn each_ends<const N: usize>(cases: [(Job, Ending, &str, &str); N]) {
    std::thread::scope(|scope| {
        for (job, (code, kind, step), message, hint) in cases {
            scope.spawn(move || {
                let ran = job.run();
                assert_eq!(ran.failed(code, kind, step)["changed"], false, "{ran:?}");
                ran.says(message, hint);
                let internals = ["Error(", "Context {", "Some(", "(os error"];
                let shows = |internal: &&str| ran.everything().contains(*internal);
                assert!(step == "configure" || !internals.iter().any(shows), "{ran:?}");
            });
        }
    });
}

#[test]
fn whatever_breaks_on_the_way_says_which_part_to_look_at() {
    let [good, other, unused] = [(); 3].map(|()| secure(Certificate::Good));
    let (wrong, expired) = (secure(Certificate::WrongHost), secure(Certificate::Expired));
    let (plain, port, silent) = (example(), FreePort::reserve(), Between::silent());
    let mail = Between::always(Say("220 mail.example ESMTP\r\n"));
    // Its other name has a label of more than 63 characters, which is refused without asking anybody.
    let aliases = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(aliases.path(), format!("nowhere {}.example\n", "a".repeat(64))).unwrap();

    let tls = |url: String| good.job().env("ATLAN_BASE_URL", url.replace("http://", "https://"));
    let clear = |at: &Between| Job::against(&plain).env("ATLAN_BASE_URL", at.url("http"));
    let slow = || clear(&silent).env("DEADLINE_SECONDS", "3");
    let untold = tls("https://nowhere".to_owned()).env("HOSTALIASES", aliases.path());
    let impatient = tls(silent.url("https")).env("CONNECT_TIMEOUT_SECONDS", "0.5");
    let trusting = |file: &str| unused.job().env("SSL_CERT_FILE", file);
    each_ends([
        (tls(other.tenant.url()), DISTRUST, "signed by a CA that isn't known", "SSL_CERT_FILE"),
        (wrong.job(), DISTRUST, "127.0.0.1", "ATLAN_BASE_URL"),
        (expired.job(), DISTRUST, "certificate expired", "clock"),
        (tls(port.url()), NETWORK, "Connection refused", "ATLAN_BASE_URL"),
        (untold, NETWORK, "nowhere", "ATLAN_BASE_URL"),
        (tls(plain.url()), NETWORK, "TLS", "port"),
        (impatient, NETWORK, "CONNECT_TIMEOUT_SECONDS", "network"),
        (clear(&mail), NO_API, "HTTP", "port"),
        (slow(), NETWORK, "DEADLINE_SECONDS", "DEADLINE_SECONDS"),
        (slow().env("REQUEST_TIMEOUT_SECONDS", "1"), NETWORK, "(REQUEST_TIMEOUT_SECONDS) (tried for ", ""),
        (trusting("/nowhere/ca.pem"), NO_CA, "/nowhere/ca.pem", "SSL_CERT_FILE"),
        (trusting("/dev/null"), NO_CA, "none were found", "SSL_CERT_FILE"),
    ]);
    // A certificate is no matter of time.
    assert_eq!([&wrong, &expired, &unused].map(|secure| secure.tenant.connections()), [1, 1, 0]);
}

#[test]
fn a_proxy_that_is_in_the_way_is_named() {
    let (good, other, plain) = (secure(Certificate::Good), secure(Certificate::Good), example());
    let (in_the_middle, port) = (Between::proxy(&other.tenant), FreePort::reserve());
    let blocking = Between::always(Say("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
    let asking = Between::always(Say("HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n"));
    let endless =
        Between::always(SayForever("HTTP/1.1 503 Busy\r\nretry-after: 999\r\n\r\nBasic bWU6cGFzcw== "));
    let echoed = endless.url("http").replace("://", "://me:pass@");
    let clear = |proxy: String| Job::against(&plain).env("HTTP_PROXY", proxy).env("DEADLINE_SECONDS", "3");
    let through = |proxy: String| good.job().env("HTTPS_PROXY", proxy);
    let socks = through("socks5://me:secret-sesame@127.0.0.1:1080".to_owned()).secret("secret-sesame");
    each_ends([
        (through(blocking.url("http")), NETWORK, "(HTTPS_PROXY): the proxy refuses", "HTTPS_PROXY"),
        (through(port.url()), NETWORK, "tunnel", "NO_PROXY"),
        (through(asking.url("http")), REJECTED, "password", "HTTPS_PROXY"),
        (clear(asking.url("http")), REJECTED, "password", "HTTP_PROXY"),
        (clear(echoed).secret("bWU6cGFzcw=="), NETWORK, "status 503", ""),
        (through(in_the_middle.url("http")), DISTRUST, "through the proxy 127.0.0.1:", "TLS-inspecting"),
        (socks, INVALID, "HTTPS_PROXY", ""),
    ]);
    assert_eq!(good.tenant.connections(), 0);
}

#[test]
fn a_tenant_of_a_trusted_ca_is_reached() {
    let good = secure(Certificate::Good);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(good.ca.path(), folder.path().join("ca.pem")).unwrap();
    let (file, folder) = (good.ca.path().to_str().unwrap(), folder.path().to_str().unwrap());
    // An empty variable is the same as none.
    let cases = [
        (file, "", 0, Value::Null),
        ("", folder, 0, Value::Null),
        ("", &*format!("{folder}:{folder}"), 0, Value::Null),
        ("", "", 10, "retrieve-token".into()),
        ("", "/nowhere", 10, "configure".into()),
    ];
    all_at_once(&cases, |(file, folder, code, step)| {
        let job = Job::against(&good.tenant).env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", folder);
        let ran = job.env("ATLAN_BASE_URL", format!("https://localhost:{}", good.tenant.port())).run();
        assert_eq!((ran.code, &ran.report()["error"]["step"]), (Some(*code), step), "{ran:?}");
        assert_eq!(ran.everything().contains("CA certificates"), *folder == "/nowhere", "{ran:?}");
    });
}

#[test]
fn a_proxy_sees_the_host_and_never_the_bearer_token() {
    let good = secure(Certificate::Good);
    all_at_once(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"], |variable| {
        let proxy = Between::proxy(&good.tenant);
        let url = proxy.url("http").replace("://", "://me:open%20sesame@");
        // The library's rule for CGI programs must not matter.
        let job = good.job().env(variable, url).env("REQUEST_METHOD", "GET").env("DEADLINE_SECONDS", "60");
        let job = ["open%20sesame", "open sesame", "bWU6b3BlbiBzZXNhbWU="].into_iter().fold(job, Job::secret);
        let ran = job.env("LOG_LEVEL", "trace").run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let heard = proxy.heard();
        let connects = format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", good.tenant.port());
        assert!(heard.starts_with(&connects) && heard.contains("Basic bWU6b3BlbiBzZXNhbWU="), "{heard}");
        assert!(!heard.contains(example::ADMIN_BEARER), "{heard}");
    });
    let exempt =
        good.job().env("HTTPS_PROXY", Between::silent().url("http")).env("NO_PROXY", "10.0.0.1 127.0.0.0/8");
    assert_eq!(exempt.env("DEADLINE_SECONDS", "60").run().code, Some(0));
}

#[test]
fn only_a_proxy_on_this_machine_passes_on_what_is_not_encrypted() {
    // An address that leads to this machine, and doesn't say so.
    let foreign = Between::silent();
    all_at_once(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"], |variable| {
        let tenant = example();
        let ran =
            Job::against(&tenant).env(variable, foreign.url("http").replace("127.0.0.1", "0.0.0.0")).run();
        ran.added();
        assert!(ran.stderr.contains(&format!("{variable} isn't used: ")), "{ran:?}");

        let (tenant, other) = (example(), example());
        let proxy = Between::proxy(&tenant);
        Job::against(&other).env(variable, proxy.url("http").replace("127.0.0.1", "localhost")).run().added();
        assert!(proxy.heard().starts_with(&format!("GET {}/api/service/apikeys", other.url())));
    });
    assert_eq!(foreign.heard(), "");
}

#[test]
fn a_host_that_never_answered_is_tried_for_less_long_than_one_that_did() {
    let (port, tenant) = (FreePort::reserve(), example());
    tenant.fail(Stage::Token, Times::Once, Fault::AnswerAndClose);
    let away = Between::start(PassOn(tenant.port()), Refuse);
    all_at_once(&[(port.url(), "for up to 30 s"), (away.url("http"), "for up to 9")], |(url, seconds)| {
        let log = tempfile::NamedTempFile::new().unwrap();
        let job = Job::against(&tenant).env("ATLAN_BASE_URL", url).env("DEADLINE_SECONDS", "98");
        let running = job.env("LOG_FILE", log.path()).start();
        let said = || std::fs::read_to_string(log.path()).unwrap_or_default();
        wait_until("another try", || said().contains("; trying again "));
        assert!(said().contains(seconds), "{url}: {}", said());
        running.signal("TERM");
        assert_eq!(running.wait().code, Some(143));
    });
}

#[test]
fn an_answer_that_a_cache_kept_is_never_used() {
    all_at_once(&[Stage::Token, Stage::Read, Stage::ReadBack], |stage| {
        for (seconds, times) in [(0, 1), (37, 2)] {
            let tenant = example();
            tenant.fail(*stage, Times::Once, Fault::Kept(seconds));
            Job::against(&tenant).run().added();
            assert_eq!(tenant.count(*stage), times, "{stage:?} {seconds}");
            let requests = tenant.requests();
            assert!(requests.iter().all(|request| request.header("cache-control") == Some("no-cache")));
        }
        let tenant = example();
        tenant.fail(*stage, Times::Forever, Fault::Kept(37));
        let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "4").run();
        assert_eq!((ran.code, &ran.report()["error"]["kind"]), (Some(75), &"unavailable".into()), "{ran:?}");
        ran.says("37 s ago", "cach");
        assert_eq!(tenant.count(Stage::Write), usize::from(*stage == Stage::ReadBack), "{stage:?}");
    });
}
