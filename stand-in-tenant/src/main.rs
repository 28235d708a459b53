//! The stand-in tenant on its own: `cargo run --example stand-in -- --port 8080`.
//!
//! Prints what to give to `api-token-connection-admin` and serves until it is stopped.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use stand_in_tenant::{Certificate, StandIn, World, example};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: stand-in-tenant [FLAG...]
  --port PORT           listen on this port of 127.0.0.1 (default: any free one)
  --listen ADDRESS:PORT listen there, on more than loopback if it says so: nothing protects the tenant
  --tls CA_FILE         serve https, and write the CA's certificate to this file
  --connections N       add so many connections: default/snowflake/1700000001 and on
  --tokens N            add so many API tokens: ci-pipeline-1 and on
  --client ID SECRET    Keycloak knows the workflow by these
  --help                print this

Inside a cluster, serve it under the names of Atlan's services; these are then the inputs instead of
USER_BEARER_TOKEN, unless --client says otherwise:";

pub(crate) fn main() {
    // Before anything else: as process 1 of a container it would otherwise be deaf to signals.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let [mut interrupt, mut terminate] = runtime.block_on(async {
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).expect("a signal handler"))
    });
    let (mut world, mut address, mut ca_file) = (World::example(), (Ipv4Addr::LOCALHOST, 0).into(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| misused());
        match flag.as_str() {
            "--port" => address = (Ipv4Addr::LOCALHOST, parsed(value())).into(),
            "--listen" => address = parsed(value()),
            "--tls" => ca_file = Some(value()),
            "--connections" => add_connections(&mut world, parsed(value())),
            "--tokens" => add_tokens(&mut world, parsed(value())),
            "--client" => world.set_client(&value(), &value()),
            "--help" => help(),
            _ => misused(),
        }
    }
    let tenant = start(world, address, ca_file);
    say(&format!("export ATLAN_BASE_URL={}", tenant.url()));
    say(&format!("export CONNECTION_QUALIFIED_NAME={}", example::CONNECTION));
    say(&format!("export API_TOKEN_NAME={}", example::TOKEN));
    say(&format!("export USER_BEARER_TOKEN={}", example::ADMIN_BEARER));
    runtime.block_on(async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
}

fn start(world: World, address: SocketAddr, ca_file: Option<String>) -> StandIn {
    let certificate = ca_file.as_ref().map(|_| Certificate::Good);
    let tenant = StandIn::listen(world, address, certificate)
        .unwrap_or_else(|error| stop(&format!("can't listen on {address}: {error}")));
    if let Some(file) = ca_file {
        let written = std::fs::write(&file, &tenant.ca_pem);
        written.unwrap_or_else(|error| stop(&format!("can't write {file}: {error}")));
    }
    tenant
}

fn add_connections(world: &mut World, count: u64) {
    for number in 1..=count {
        let name = format!("default/snowflake/{}", 1_700_000_000 + number);
        world.add_connection(&name, &format!("production-{number}"), &["jdoe", "asmith"]);
    }
}

fn add_tokens(world: &mut World, count: u64) {
    for number in 1..=count {
        let guid = format!("5f1e0a52-8c0e-4c0e-9f44-{number:012}");
        let client_id = format!("apikey-ac69de56-6529-4c8f-b53c-{number:012}");
        world.add_token(&format!("{}-{number}", example::TOKEN), &guid, &client_id);
    }
}

fn parsed<T: FromStr>(text: String) -> T {
    text.parse().unwrap_or_else(|_| misused())
}

fn help() -> ! {
    say(&format!(
        "{USAGE}\n  export ATLAN_BASE_URL=INTERNAL\n  export ATLAN_USER_ID={}\n  export CLIENT_ID={}\n  export CLIENT_SECRET={}",
        example::ADMIN_ID,
        example::WORKFLOW_CLIENT,
        example::WORKFLOW_SECRET
    ));
    std::process::exit(0)
}

fn misused() -> ! {
    eprintln!("stand-in-tenant: a flag isn't known, or has no fitting value; --help says which there are");
    std::process::exit(2)
}

fn stop(why: &str) -> ! {
    eprintln!("stand-in-tenant: {why}");
    std::process::exit(1)
}

/// Prints a line, whether or not anybody reads it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
