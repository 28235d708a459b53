//! The stand-in tenant on its own: `cargo run -p stand-in-tenant -- --port 8080`.
//!
//! Prints what to give to `api-token-connection-admin` and serves until it is stopped.

use std::time::Duration;

use stand_in_tenant::{Certificate, StandIn, World, example};

const USAGE: &str =
    "usage: stand-in-tenant [--port PORT] [--tls CA_FILE] [--latency-ms N] [--admins N] [--trace]
  --port        listen on this port of 127.0.0.1 (default: any free one)
  --tls         serve https, and write the CA's certificate to this file
  --latency-ms  answer so much later
  --admins      give the connection so many admin users
  --trace       print the connection's admin users after each write";

fn main() {
    let mut port = 0;
    let mut ca_file = None;
    let mut latency = Duration::ZERO;
    let mut world = World::example();
    let mut trace = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| usage());
        match flag.as_str() {
            "--port" => port = number(value()),
            "--tls" => ca_file = Some(value()),
            "--latency-ms" => latency = Duration::from_millis(number(value())),
            "--admins" => {
                let count: usize = number(value());
                let others = (2..count).map(|number| format!("user.{number:06}"));
                world.first().admin_users.get_or_insert_default().extend(others);
            }
            "--trace" => trace = true,
            _ => usage(),
        }
    }
    let tenant = StandIn::start_at(world, port, ca_file.as_ref().map(|_| Certificate::Good));
    tenant.set_latency(latency);
    if let Some(file) = ca_file {
        std::fs::write(file, &tenant.ca_pem).expect("the CA file can be written");
    }
    println!("ATLAN_BASE_URL={}", tenant.url());
    println!("CONNECTION_QUALIFIED_NAME={}", example::CONNECTION);
    println!("API_TOKEN_NAME={}", example::TOKEN);
    println!("USER_BEARER_TOKEN={}", example::ADMIN_BEARER);
    if trace {
        tenant.after_each(stand_in_tenant::Stage::Write, |world| {
            println!("admin users: {:?}", world.first().admin_users);
        });
    }
    wait_for_a_signal();
}

fn number<T: std::str::FromStr>(text: String) -> T {
    text.parse().unwrap_or_else(|_| usage())
}

fn usage() -> ! {
    eprintln!("{USAGE}");
    std::process::exit(2)
}

fn wait_for_a_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).expect("a signal handler");
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    });
}
