//! What lies between the job and the tenant: proxies, TLS, names, limits. Who failed is named, what
//! can't heal ends at once, and nothing goes in the clear to a machine that has no business with it.

use std::time::Duration;

use stand_in_tenant::{Certificate, Fault, Stage, StandIn, Times, World, example};

use crate::odd_tls::{Odd, odd};
use crate::proxy_support::{Between, Files, Manner};
use crate::support::{FreePort, Job, Ran, all_at_once};

/// Much longer than what ends at once may take, and shorter than the deadline.
const AT_ONCE: Duration = Duration::from_secs(20);

/// `me:open sesame` as a proxy's password is sent.
const CREDENTIALS: &str = "bWU6b3BlbiBzZXNhbWU=";

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

// Proxies.

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

// Certificates and TLS.

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
fn a_connection_that_a_shorter_limit_gives_up_is_no_slow_answer() {
    let (tenant, files) = tls_tenant();
    let silent = Between::start(Manner::Silence, None);
    all_at_once(&[("DEADLINE_SECONDS", "3"), ("REQUEST_TIMEOUT_SECONDS", "0.4")], |(limit, value)| {
        let job = trusting(&tenant, &files).env("ATLAN_BASE_URL", silent.url("https"));
        let ran = job.env("DEADLINE_SECONDS", "3").env(limit, value).run();
        ran.failed(75, "unavailable", "retrieve-token");
        says(&ran, "can't connect to 127.0.0.1:", "a firewall drops the packets");
        says(&ran, ": no connection within ", "port");
        assert_eq!(ran.report()["changed"], false);
    });
    // And a slow answer is no missing connection.
    tenant.fail(Stage::Token, Times::Forever, Fault::Silence);
    let ran =
        trusting(&tenant, &files).env("REQUEST_TIMEOUT_SECONDS", "1").env("DEADLINE_SECONDS", "3").run();
    says(&ran, "no answer within ", "REQUEST_TIMEOUT_SECONDS");
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
