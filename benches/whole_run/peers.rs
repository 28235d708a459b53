//! What else can do the same job: programs that repeat the very requests that the tenant saw of ours.

use std::fmt::{Display, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use stand_in_tenant::{Request, StandIn};
use url::Url;

/// A program to measure: its name, and its command line, split at white space.
pub(crate) type Peer = (&'static str, String);

/// curl, on one connection, with a file of what it would otherwise have as arguments.
pub(crate) fn curl(tenant: &StandIn, requests: &[Request], ca_file: Option<&Path>, directory: &Path) -> Peer {
    let mut config = String::new();
    let mut option = |name: &str, value: &dyn Display| {
        let value = value.to_string().replace('\\', r"\\").replace('"', r#"\""#);
        let _ = writeln!(config, "{name} = \"{value}\"");
    };
    for (number, request) in requests.iter().enumerate() {
        option("next", &"");
        option("fail", &"");
        option("url", &url(tenant, request));
        option("request", &request.method);
        option("output", &"/dev/null");
        for (name, value) in &request.headers {
            if !["host", "content-length"].contains(&name.as_str()) {
                option("header", &format!("{name}: {value}"));
            }
        }
        if !request.body.is_empty() {
            let file = directory.join(format!("body-{}-{number}", tenant.port()));
            std::fs::write(&file, &request.body).expect("the body can be kept");
            option("data-binary", &format!("@{}", file.display()));
        }
        ca_file.inspect(|file| option("cacert", &file.display()));
    }
    let file = directory.join(format!("curl-{}", tenant.port()));
    std::fs::write(&file, config).expect("the configuration can be kept");
    ("curl", format!("curl --disable --silent --config {}", file.display()))
}

/// The floor, with a file of bytes for each request.
pub(crate) fn floor(program: &Path, tenant: &StandIn, requests: &[Request], directory: &Path) -> Peer {
    let mut command = format!("{} 127.0.0.1:{}", program.display(), tenant.port());
    for (number, request) in requests.iter().enumerate() {
        let url = url(tenant, request);
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut text = format!("{} {}{query} HTTP/1.1\r\n", request.method, url.path());
        for (name, value) in &request.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text += "\r\n";
        text += &request.body;
        let file = directory.join(format!("request-{}-{number}", tenant.port()));
        std::fs::write(&file, text).expect("the request can be kept");
        let _ = write!(command, " {}", file.display());
    }
    ("floor", command)
}

/// Atlan's Python SDK, if it is installed for `python3` (or what PYTHON says).
pub(crate) fn python() -> Option<Peer> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !works(&python, &["-c", "import pyatlan"]) {
        eprintln!("no pyatlan for {python} (name another in PYTHON): skipped");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/whole_run/pyatlan_peer.py");
    Some(("Python SDK", format!("{python} {script}")))
}

fn url(tenant: &StandIn, request: &Request) -> Url {
    let mut url = Url::parse(&tenant.url()).expect("a URL");
    url.set_path(&request.path);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    url
}

/// True if this command runs and succeeds.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
