//! The whole job on an embedded stand-in tenant: `cargo run --example quickstart`.
//!
//! Runs the real pipeline over real HTTP, twice: the first run makes an API token a connection
//! admin, the second finds nothing to do.

#![allow(clippy::expect_used, reason = "an example fails by panicking")]

use std::time::Instant;

use api_token_connection_admin::cli::Flags;
use api_token_connection_admin::config;
use api_token_connection_admin::progress::Progress;
use api_token_connection_admin::redact::Redactor;
use api_token_connection_admin::report::Report;
use api_token_connection_admin::run;
use stand_in_tenant::{StandIn, World, example};

fn main() {
    let tenant = StandIn::start(World::example());
    println!("A stand-in tenant listens on {}.", tenant.url());
    println!(
        "Its connection {:?} has these admin users: {:?}",
        example::CONNECTION,
        tenant.admin_users(example::CONNECTION)
    );

    println!("\nMaking the API token {:?} a connection admin, as jdoe:", example::TOKEN);
    println!("{}", do_the_job(&tenant));
    println!("\nThe connection's admin users are now: {:?}", tenant.admin_users(example::CONNECTION));

    println!("\nThe same again finds nothing to do:");
    println!("{}", do_the_job(&tenant));
}

/// One run, as `main` does it, but for the flags, the logs and the signals.
fn do_the_job(tenant: &StandIn) -> String {
    let environment = [
        ("ATLAN_BASE_URL", tenant.url().as_str()),
        ("CONNECTION_QUALIFIED_NAME", example::CONNECTION),
        ("API_TOKEN_NAME", example::TOKEN),
        ("USER_BEARER_TOKEN", example::ADMIN_BEARER),
    ]
    .map(|(name, value)| (name.into(), value.into()));

    let started = Instant::now();
    let redactor = Redactor::default();
    let progress = Progress::default();
    let (_output, config) = config::read(environment.into_iter(), Flags::default(), &redactor);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = config.and_then(|config| {
        runtime.block_on(run::run(config, &redactor, started, &progress, std::future::pending()))
    });
    Report::new(result, progress, false, started.elapsed(), &redactor).to_json(true, None)
}
