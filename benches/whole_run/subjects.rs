//! The program, and what else can do the same job.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use stand_in_tenant::{Request, StandIn, example};
use url::Url;

use crate::measure::Subject;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The release binary. `cargo bench` builds one too, but with the features that the tests'
/// dependencies switch on; what is measured must be what is shipped.
pub(crate) fn build_release() -> &'static Path {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--bin", NAME])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the release build fails");
    Path::new(env!("CARGO_BIN_EXE_api-token-connection-admin"))
}

/// The program, doing the job on `tenant`, over TLS with the CA certificates of `ca_file`.
pub(crate) fn ours(program: &Path, tenant: &StandIn, ca_file: Option<&Path>) -> Subject {
    let mut env = vec![
        ("ATLAN_BASE_URL", tenant.url()),
        ("CONNECTION_QUALIFIED_NAME", example::CONNECTION.to_owned()),
        ("API_TOKEN_NAME", example::TOKEN.to_owned()),
        ("USER_BEARER_TOKEN", example::ADMIN_BEARER.to_owned()),
    ];
    env.extend(ca_file.map(|file| ("SSL_CERT_FILE", file.display().to_string())));
    Subject { name: NAME.to_owned(), command: vec![program.into()], env, exit_code: 0 }
}

/// The program with these arguments and no input.
pub(crate) fn ours_alone(program: &Path, arguments: &[&str], exit_code: i32) -> Subject {
    let mut command = vec![program.into()];
    command.extend(arguments.iter().map(OsString::from));
    Subject { name: NAME.to_owned(), command, env: Vec::new(), exit_code }
}

/// curl with these arguments.
pub(crate) fn curl_alone(arguments: &[&str]) -> Subject {
    let command = ["curl"].iter().chain(arguments).map(OsString::from).collect();
    Subject { name: format!("curl {}", arguments.join(" ")), command, env: Vec::new(), exit_code: 0 }
}

/// curl, making the same requests as `ours` on one connection: what the tenant saw of those,
/// header by header. Bodies are kept in `directory`.
pub(crate) fn curl(ours: &Subject, tenant: &StandIn, ca_file: Option<&Path>, directory: &Path) -> Subject {
    let earlier = tenant.requests().len();
    ours.run(Some(tenant));
    let mut command: Vec<OsString> = vec!["curl".into(), "--disable".into()];
    for (number, request) in tenant.requests()[earlier..].iter().enumerate() {
        if number > 0 {
            command.push("--next".into());
        }
        command.extend(["--silent", "--fail", "--output", "/dev/null"].map(OsString::from));
        if let Some(file) = ca_file {
            command.extend(["--cacert".into(), file.into()]);
        }
        for (name, value) in &request.headers {
            if !["host", "content-length"].contains(&name.as_str()) {
                command.extend(["--header".into(), format!("{name}: {value}").into()]);
            }
        }
        if !request.body.is_empty() {
            let file = directory.join(format!("body-{}-{number}", tenant.port()));
            std::fs::write(&file, &request.body).expect("the body can be kept");
            command.extend(["--data-binary".into(), format!("@{}", file.display()).into()]);
        }
        command.push(url(tenant, request).into());
    }
    Subject { name: "curl".to_owned(), command, env: Vec::new(), exit_code: 0 }
}

fn url(tenant: &StandIn, request: &Request) -> String {
    let mut url = Url::parse(&tenant.url()).expect("a URL");
    url.set_path(&request.path);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    url.into()
}

/// True if this command runs and succeeds.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
