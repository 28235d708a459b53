//! Proxies: what goes through them, what they refuse, and what they never get to see.

use stand_in_tenant::{Certificate, StandIn, World, example};

use super::between::{Between, Files, Manner};
use super::odd_tls::{Odd, odd};
use super::{ends_at_once, says, tls_tenant, trusting};
use crate::support::{FreePort, Job, Ran, all_at_once};

/// `me:open sesame` as a proxy's password is sent.
const CREDENTIALS: &str = "bWU6b3BlbiBzZXNhbWU=";

#[test]
fn nothing_in_the_clear_is_sent_to_a_proxy_that_is_not_on_loopback() {
    // An address that leads to this machine and doesn't say so.
    let listener = Between::start(Manner::Silence, None);
    let proxy = format!("http://0.0.0.0:{}", listener.port());
    all_at_once(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"], |variable| {
        let tenant = StandIn::start(World::example());
        let ran = Job::against(&tenant).env(variable, &proxy).run();
        ran.added();
        assert!(ran.stderr.contains(&format!("{variable} isn't used for 127.0.0.1:")), "{ran:?}");

        let job = Job::in_cluster(&tenant).without("HTTP_PROXY").env(variable, &proxy);
        let ran = job.env("DEADLINE_SECONDS", "3").run();
        assert_ne!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains(&format!("{variable} isn't used for")), "{ran:?}");
    });
    assert_eq!((listener.connections(), listener.heard()), (0, String::new()));
}

#[test]
fn a_proxy_on_loopback_passes_on_what_goes_in_the_clear() {
    let tenant = StandIn::start(World::example());
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Between::start(Manner::Proxy, Some(&tenant));
        let ran = Job::against(&tenant).env(variable, proxy.url("http")).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(proxy.heard().starts_with(&format!("GET {}/api/service/apikeys", tenant.url())));
    }
}

#[test]
fn a_tenant_is_reached_through_a_proxy_that_sees_only_its_name() {
    let (tenant, files) = tls_tenant();
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Between::start(Manner::Proxy, Some(&tenant));
        // The library's rule for CGI programs must not matter.
        let job = trusting(&tenant, &files).env(variable, proxy.url("http")).env("REQUEST_METHOD", "GET");
        assert_eq!(job.run().code, Some(0));
        let heard = proxy.heard();
        assert!(heard.starts_with(&format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", tenant.port())), "{heard}");
        assert!(!heard.contains("authorization") && !heard.contains(example::ADMIN_BEARER), "{heard}");
    }
}

#[test]
fn a_proxy_gets_its_password_however_it_is_written_and_nobody_sees_it() {
    let (tenant, files) = tls_tenant();
    let clear = StandIn::start(World::example());
    let passwords = [
        ("me:open%20sesame", CREDENTIALS),
        ("me:open%20sesame@\n", CREDENTIALS),
        ("me:se/sa#me?x@y", "bWU6c2Uvc2EjbWU/eEB5"),
        ("me:se%2Fsa%23me%3Fx%40y", "bWU6c2Uvc2EjbWU/eEB5"),
    ];
    all_at_once(&passwords, |(credentials, sent)| {
        let proxy = Between::start(Manner::Closed(sent), Some(&tenant));
        let (credentials, end) = match credentials.strip_suffix("@\n") {
            Some(credentials) => (credentials, "/\n"),
            None => (*credentials, ""),
        };
        let url = format!("http://{credentials}@127.0.0.1:{}{end}", proxy.port());
        for url in [url.clone(), format!("'{url}'"), format!("\"{url}\"\r\n")] {
            let ran = trusting(&tenant, &files).env("HTTPS_PROXY", &url).env("LOG_LEVEL", "trace").run();
            assert_eq!(ran.code, Some(0), "{url}: {ran:?}");
            shows_nothing(&ran, sent);
        }
        let proxy = Between::start(Manner::Closed(sent), Some(&clear));
        let url = format!("http://{credentials}@127.0.0.1:{}", proxy.port());
        let ran = Job::against(&clear).env("HTTP_PROXY", &url).env("LOG_LEVEL", "trace").run();
        assert_eq!(ran.code, Some(0), "{url}: {ran:?}");
        shows_nothing(&ran, sent);
    });
    assert!(
        clear
            .requests()
            .iter()
            .all(|request| request.header("authorization").unwrap().starts_with("Bearer "))
    );
}

#[track_caller]
fn shows_nothing(ran: &Ran, sent: &str) {
    let everything = ran.everything();
    for secret in [sent, "open%20sesame", "open sesame", "se/sa#me", "se%2Fsa"] {
        assert!(!everything.contains(secret), "{everything}");
    }
}

#[test]
fn a_proxy_can_speak_tls_itself() {
    let (config, proxy_ca) = odd(Odd::Nothing);
    let secure = StandIn::start_tls(World::example(), Certificate::Good);
    let clear = StandIn::start(World::example());
    for (tenant, variable) in [(&secure, "HTTPS_PROXY"), (&clear, "HTTP_PROXY")] {
        let proxy = Between::start_tls(Manner::Closed(CREDENTIALS), Some(tenant), config.clone());
        let bundle = format!("{}\n{proxy_ca}", tenant.ca_pem);
        let files = Files::with([("both.pem", bundle.as_bytes()), ("tenant.pem", tenant.ca_pem.as_bytes())]);
        let url = format!("https://me:open%20sesame@127.0.0.1:{}", proxy.port());
        let job = || Job::against(tenant).env(variable, &url);
        assert_eq!(job().env("SSL_CERT_FILE", files.path("both.pem")).run().code, Some(0));

        // Whose certificate it is that can't be trusted is said.
        let (_, other) = odd(Odd::Nothing);
        let files = Files::with([("other.pem", format!("{}\n{other}", tenant.ca_pem).as_bytes())]);
        let ran = job().env("SSL_CERT_FILE", files.path("other.pem")).run();
        ends_at_once(&ran, 10, "untrusted_certificate", "retrieve-token");
        let name =
            format!("the certificate of the proxy 127.0.0.1:{} ({variable}) can't be trusted", proxy.port());
        says(&ran, &name, "SSL_CERT_FILE");
    }
}

#[test]
fn an_untrusted_certificate_behind_a_proxy_may_be_the_proxys_own() {
    let (tenant, _) = tls_tenant();
    let (_, files) = tls_tenant();
    let proxy = Between::start(Manner::Proxy, Some(&tenant));
    let ran = trusting(&tenant, &files).env("HTTPS_PROXY", proxy.url("http")).run();
    ends_at_once(&ran, 10, "untrusted_certificate", "retrieve-token");
    says(&ran, "(through the proxy 127.0.0.1:", "its own CA is the one to name");
}

#[test]
fn a_proxy_that_wants_a_password_ends_the_run_at_once() {
    let secure = tls_tenant();
    let clear = StandIn::start(World::example());
    for (given, hint) in
        [("", "http://USER:PASSWORD@127.0.0.1:"), ("me:wrong-sesame@", "Check the user name")]
    {
        let proxy = Between::start(Manner::Closed(CREDENTIALS), Some(&secure.0));
        let url = format!("http://{given}127.0.0.1:{}", proxy.port());
        for (ran, variable) in [
            (trusting(&secure.0, &secure.1).env("HTTPS_PROXY", &url).run(), "HTTPS_PROXY"),
            (Job::against(&clear).env("HTTP_PROXY", &url).run(), "HTTP_PROXY"),
        ] {
            ends_at_once(&ran, 9, "rejected", "retrieve-token");
            says(&ran, &format!("({variable}) asks for a user name and a password"), hint);
            says(&ran, "status 407", variable);
            assert!(!ran.everything().contains("wrong-sesame"), "{ran:?}");
        }
        assert_eq!(proxy.connections(), 2, "it was asked again");
    }
}

#[test]
fn what_a_proxy_refuses_is_told_as_the_proxys() {
    let (tenant, files) = tls_tenant();
    let answers = [
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno",
            10,
            "unexpected_response",
            "status 403 (Forbidden)",
            "let 127.0.0.1:",
        ),
        ("HTTP/1.0 403 open-sesame\r\n\r\n", 10, "unexpected_response", "status 403 ([REDACTED])", "let 127"),
        (
            "HTTP/1.1 302 Found\r\nlocation: /login\r\n\r\n",
            10,
            "unexpected_response",
            "status 302",
            "let 127",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            75,
            "unavailable",
            "status 502 (Bad Gateway)",
            "why it isn't reached",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", 10, "unexpected_response", "status 204", "let 127"),
        (
            "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
            10,
            "unexpected_response",
            "doesn't say why by HTTP",
            "HTTPS_PROXY",
        ),
    ];
    all_at_once(&answers, |(answer, code, kind, message, hint)| {
        let proxy = Between::start(Manner::Insist(answer), None);
        let url = format!("http://me:open-sesame@127.0.0.1:{}", proxy.port());
        let ran = trusting(&tenant, &files).env("HTTPS_PROXY", url).env("DEADLINE_SECONDS", "3").run();
        ran.failed(*code, kind, "retrieve-token");
        says(&ran, "the proxy 127.0.0.1:", hint);
        says(&ran, message, hint);
    });
    assert_eq!(tenant.connections(), 0);
}

#[test]
fn a_limit_on_what_a_proxy_may_say_is_told_as_that() {
    let (tenant, files) = tls_tenant();
    let answer = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "y".repeat(9000));
    let proxy = Between::start(Manner::Say(answer.into()), None);
    let ran = trusting(&tenant, &files).env("HTTPS_PROXY", proxy.url("http")).run();
    ends_at_once(&ran, 10, "unexpected_response", "retrieve-token");
    says(&ran, "the proxy's answer has more than 8 KiB of headers", "a proxy");
}

#[test]
fn a_proxy_variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let (tenant, files) = tls_tenant();
    let value = std::ffi::OsStr::from_bytes(b"http://me:secret-\xff@127.0.0.1:1");
    let ran = trusting(&tenant, &files).env("HTTPS_PROXY", value).run();
    ends_at_once(&ran, 4, "invalid_input", "configure");
    says(&ran, "HTTPS_PROXY isn't valid UTF-8", "");
}

#[test]
fn a_proxy_that_closes_every_connection_is_tried_until_the_deadline() {
    let (tenant, files) = tls_tenant();
    let proxy = Between::start(Manner::Say(Vec::new()), None);
    let job = trusting(&tenant, &files).env("HTTPS_PROXY", proxy.url("http")).env("DEADLINE_SECONDS", "3");
    let ran = job.run();
    ran.failed(75, "unavailable", "retrieve-token");
    says(&ran, "can't connect to the proxy 127.0.0.1:", "HTTPS_PROXY");
    assert!(proxy.connections() > 1);
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let (tenant, files) = tls_tenant();
    let port = FreePort::reserve();
    // A label of more than 63 characters: the resolver refuses it without asking anybody.
    let unknown = format!("http://{}:3128", "a".repeat(64));
    for (proxy, message) in [(port.url(), "connection refused"), (unknown, "there is no host of that name")] {
        let job = trusting(&tenant, &files).env("HTTPS_PROXY", proxy).env("DEADLINE_SECONDS", "3");
        let ran = job.run();
        ran.failed(75, "unavailable", "retrieve-token");
        says(&ran, "can't connect to the proxy ", "Check the proxy in HTTPS_PROXY");
        says(&ran, message, "NO_PROXY");
    }
    assert_eq!(tenant.connections(), 0);
}

#[test]
fn a_proxy_variable_that_cannot_be_used_is_refused_before_any_request() {
    let (tenant, files) = tls_tenant();
    let values = [
        ("socks5://127.0.0.1:1080", "SOCKS"),
        ("ftp://127.0.0.1", "http:// or https://"),
        ("http://127.0.0.1 :3128", "white space"),
        ("http://me:secret-sesame@", "isn't the address of a proxy"),
        ("8080", "isn't the address of a proxy"),
    ];
    all_at_once(&values, |(value, what)| {
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            let ran = trusting(&tenant, &files).env(variable, value).run();
            ends_at_once(&ran, 4, "invalid_input", "configure");
            says(&ran, &format!("{variable} "), "");
            says(&ran, what, "");
            assert!(!ran.everything().contains("secret-sesame"), "{ran:?}");
        }
    });
    assert_eq!(tenant.connections(), 0);
}

#[test]
fn a_proxy_variable_that_nothing_uses_is_not_judged() {
    let clear = StandIn::start(World::example());
    Job::against(&clear).env("HTTPS_PROXY", "no proxy").env("NO_PROXY", "<local>").run().added();
    let (tenant, files) = tls_tenant();
    trusting(&tenant, &files).env("HTTP_PROXY", "no proxy").env("NO_PROXY", "<local>").run().added();
    let job = trusting(&tenant, &files).env("HTTPS_PROXY", "no proxy");
    assert_eq!(job.env("NO_PROXY", "10.0.0.1, 127.0.0.0/8").run().code, Some(0));
}

#[test]
fn no_proxy_is_kept() {
    let (tenant, files) = tls_tenant();
    let port = tenant.port();
    let proxy = Between::start(Manner::Say(b"HTTP/1.1 403 No\r\n\r\n".to_vec()), None);
    let of = |host: &str| format!("https://{host}:{port}");
    let cases = [
        ("127.0.0.1", "*".to_owned()),
        ("127.0.0.1", "127.0.0.1".to_owned()),
        ("127.0.0.1", "10.0.0.0/8 127.0.0.0/8".to_owned()),
        ("127.0.0.1", format!("example.com, 127.0.0.1:{port}\n")),
        ("localhost", "'localhost.'".to_owned()),
        ("localhost", " .localhost".to_owned()),
    ];
    all_at_once(&cases, |(host, list)| {
        for variable in ["NO_PROXY", "no_proxy"] {
            let job = trusting(&tenant, &files).env("ATLAN_BASE_URL", of(host)).env(variable, list);
            let ran = job.env("HTTPS_PROXY", proxy.url("http")).run();
            assert_eq!(ran.code, Some(0), "{host} {list}: {ran:?}");
        }
    });
    assert_eq!(proxy.connections(), 0);
    for list in ["127.0.0.1:1", "127.0.0.2", "*.localhost"] {
        let ran = trusting(&tenant, &files).env("HTTPS_PROXY", proxy.url("http")).env("NO_PROXY", list).run();
        says(&ran, "status 403", "NO_PROXY");
    }
    let ran = trusting(&tenant, &files).env("HTTPS_PROXY", proxy.url("http")).env("NO_PROXY", "10.*").run();
    ends_at_once(&ran, 4, "invalid_input", "configure");
    says(&ran, "NO_PROXY has an entry that can't be understood, \"10.*\"", "");
}
