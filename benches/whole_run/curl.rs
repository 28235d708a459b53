//! curl, which repeats the very requests that the tenant saw of ours.

use std::fmt::{Display, Write};
use std::path::Path;

use stand_in_tenant::{Request, StandIn};
use url::Url;

/// curl, on one connection, with a file of what it would otherwise have as arguments.
pub(crate) fn curl(
    tenant: &StandIn,
    requests: &[Request],
    ca_file: Option<&Path>,
    directory: &Path,
) -> (&'static str, String) {
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

fn url(tenant: &StandIn, request: &Request) -> Url {
    let mut url = Url::parse(&tenant.url()).expect("a URL");
    url.set_path(&request.path);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    url
}
