//! The stand-in tenant on its own: `cargo run --example stand-in -- --port 8080`.
//!
//! Prints what to give to `api-token-connection-admin` and serves until it is stopped.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use stand_in_tenant::{Certificate, Kind, Stage, StandIn, World, example};
use tokio::signal::unix::{Signal, SignalKind, signal};

const USAGE: &str = "\
usage: stand-in-tenant [FLAG...]
  --port PORT           listen on this port of 127.0.0.1 (default: any free one)
  --listen ADDRESS:PORT listen there, on more than loopback if it says so: nothing protects the tenant
  --tls CA_FILE         serve https, and write the CA's certificate to this file
  --latency-ms N        answer so much later
  --collection          the inputs that are printed name a query collection instead of the connection
  --admins N            give it so many admin users
  --connections N       add so many connections: default/snowflake/1700000001 and on
  --tokens N            add so many API tokens: ci-pipeline-1 and on
  --young SECONDS       it is a connection made just now, to which its creator has no right for so long
  --client ID SECRET    Keycloak knows the workflow by these
  --oauth-client ID SECRET  an OAuth client, who is an admin of all that the inputs can name
  --trace               print its users after each write
  --help                print this

Inside a cluster, serve it under the names of Atlan's services; these are then the inputs instead of
USER_BEARER_TOKEN, unless --client says otherwise:";

/// What the command line says.
struct Flags {
    address: SocketAddr,
    ca_file: Option<String>,
    latency: Duration,
    collection: bool,
    admins: usize,
    connections: u32,
    tokens: u32,
    young: Option<Duration>,
    client: Option<(String, String)>,
    oauth_client: Option<(String, String)>,
    trace: bool,
}

pub(crate) fn main() {
    // Before anything else: as process 1 of a container it would otherwise be deaf to signals.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut signals = runtime.block_on(async {
        let handler = |kind| signal(kind).expect("a signal handler");
        [SignalKind::interrupt(), SignalKind::terminate()].map(handler)
    });
    let flags = Flags::read(std::env::args().skip(1));
    let (world, asset) = flags.world();
    let certificate = flags.ca_file.as_ref().map(|_| Certificate::Good);
    let tenant = StandIn::listen(world, flags.address, certificate)
        .unwrap_or_else(|error| stop(&format!("can't listen on {}: {error}", flags.address)));
    tenant.set_latency(flags.latency);
    if let Some(file) = &flags.ca_file {
        std::fs::write(file, &tenant.ca_pem)
            .unwrap_or_else(|error| stop(&format!("can't write {file}: {error}")));
    }
    say(&format!("export ATLAN_BASE_URL={}", tenant.url()));
    let input = if flags.collection { "COLLECTION_QUALIFIED_NAME" } else { "CONNECTION_QUALIFIED_NAME" };
    say(&format!("export {input}={asset}"));
    say(&format!("export API_TOKEN_NAME={}", example::TOKEN));
    say(&format!("export USER_BEARER_TOKEN={}", example::ADMIN_BEARER));
    if flags.trace {
        tenant.after_each(Stage::Write, move |world| {
            let asset = world.asset(&asset);
            say(&format!("admin users: {:?}", asset.admin_users));
            if asset.kind == Kind::Collection {
                say(&format!("viewers: {:?}", asset.viewer_users));
            }
        });
    }
    runtime.block_on(async {
        let [interrupt, terminate]: &mut [Signal; 2] = &mut signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
}

impl Flags {
    fn read(mut arguments: impl Iterator<Item = String>) -> Flags {
        let mut flags = Flags {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            ca_file: None,
            latency: Duration::ZERO,
            collection: false,
            admins: 0,
            connections: 0,
            tokens: 0,
            young: None,
            client: None,
            oauth_client: None,
            trace: false,
        };
        while let Some(flag) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| misused());
            match flag.as_str() {
                "--port" => flags.address = (Ipv4Addr::LOCALHOST, parsed(value())).into(),
                "--listen" => flags.address = parsed(value()),
                "--tls" => flags.ca_file = Some(value()),
                "--latency-ms" => flags.latency = Duration::from_millis(parsed(value())),
                "--collection" => flags.collection = true,
                "--admins" => flags.admins = parsed(value()),
                "--connections" => flags.connections = parsed(value()),
                "--tokens" => flags.tokens = parsed(value()),
                "--young" => flags.young = Some(Duration::from_secs(parsed(value()))),
                "--client" => flags.client = Some((value(), value())),
                "--oauth-client" => flags.oauth_client = Some((value(), value())),
                "--trace" => flags.trace = true,
                "--help" => help(),
                _ => misused(),
            }
        }
        flags
    }

    /// The world, and the qualified name of what the printed inputs name.
    fn world(&self) -> (World, String) {
        let mut world = World::example();
        for number in 1..=self.connections {
            let name = format!("default/snowflake/{}", 1_700_000_000 + u64::from(number));
            world.add_connection(&name, &format!("production-{number}"), &["jdoe", "asmith"]);
        }
        for number in 1..=self.tokens {
            let guid = format!("5f1e0a52-8c0e-4c0e-9f44-{number:012}");
            let client_id = format!("apikey-ac69de56-6529-4c8f-b53c-{number:012}");
            world.add_token(&format!("{}-{number}", example::TOKEN), &guid, &client_id);
        }
        let old = if self.collection { example::COLLECTION } else { example::CONNECTION };
        let mut name = old.to_owned();
        if let Some(patience) = self.young.filter(|_| !self.collection) {
            name = world.add_young_connection("young", "jdoe");
            world.right_comes_after("jdoe", &[patience]);
        }
        let admins = world.asset(&name).admin_users.get_or_insert_default();
        admins.extend((admins.len()..self.admins).map(|number| format!("user.{number:06}")));
        if let Some((client_id, secret)) = &self.oauth_client {
            world.add_oauth_client("automation", "0a1b2c3d-0000-4000-8000-0000000000e2", client_id);
            world.oauth_clients[0].secret.clone_from(secret);
            for asset in world.connections.iter_mut().chain(&mut world.collections) {
                asset.add(&format!("service-account-{client_id}"));
            }
        }
        if let Some(client) = &self.client {
            world.set_client(&client.0, &client.1);
        }
        (world, name)
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
