//! The whole job on an embedded stand-in tenant: `cargo run --example quickstart`.
//!
//! Runs the program itself over real HTTP, twice: the first run makes an API token a connection
//! admin, the second finds nothing to do.

#![allow(clippy::expect_used, reason = "an example fails by panicking")]

use std::process::Command;

use stand_in_tenant::{StandIn, World, example};

fn main() {
    let tenant = StandIn::start(World::example());
    println!("A stand-in tenant listens on {}.", tenant.url());
    let admins = || tenant.admin_users(example::CONNECTION);
    println!("Its connection {:?} has these admin users: {:?}", example::CONNECTION, admins());

    println!("\nMaking the API token {:?} a connection admin, as jdoe:\n", example::TOKEN);
    do_the_job(&tenant);
    println!("\nThe connection's admin users are now: {:?}", admins());

    println!("\nThe same again finds nothing to do:\n");
    do_the_job(&tenant);
}

/// One run of the program, with the inputs that a person would set.
fn do_the_job(tenant: &StandIn) {
    // Cargo, which runs this example, builds the program where that hasn't been done.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--bin", "api-token-connection-admin"])
        .env("ATLAN_BASE_URL", tenant.url())
        .env("CONNECTION_QUALIFIED_NAME", example::CONNECTION)
        .env("API_TOKEN_NAME", example::TOKEN)
        .env("USER_BEARER_TOKEN", example::ADMIN_BEARER)
        .env("OUTPUT_FORMAT", "text")
        .env("LOG_LEVEL", "warn")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the program ended with {status}");
}
