//! The whole job on an embedded stand-in tenant: `cargo run --example quickstart`.
//!
//! Runs the program itself over real HTTP, twice: the first run makes an API token a connection
//! admin, the second finds nothing to do.

#![allow(clippy::expect_used, reason = "an example fails by panicking")]

use std::env;
use std::process::{Command, ExitCode};

use stand_in_tenant::{StandIn, World, example};

/// The program itself, built into the example: Cargo builds all there is in one go.
#[path = "../../src/main.rs"]
mod program;

/// Where this is set, this process is a run of the program.
const IS_A_RUN: &str = "QUICKSTART_IS_A_RUN";

fn main() -> ExitCode {
    if env::var_os(IS_A_RUN).is_some() {
        return program::main();
    }
    let tenant = StandIn::start(World::example());
    println!("A stand-in tenant listens on {}.", tenant.url());
    let admins = || tenant.admin_users(example::CONNECTION);
    println!("Its connection {:?} has these admin users: {:?}", example::CONNECTION, admins());

    println!("\nMaking the API token {:?} a connection admin, as jdoe:\n", example::TOKEN);
    do_the_job(&tenant);
    println!("\nThe connection's admin users are now: {:?}", admins());

    println!("\nThe same again finds nothing to do:\n");
    do_the_job(&tenant);
    ExitCode::SUCCESS
}

/// One run of the program, with the inputs that a person would set, and none of the machine's.
fn do_the_job(tenant: &StandIn) {
    let status = Command::new(env::current_exe().expect("this program has a path"))
        .env_clear()
        .env(IS_A_RUN, "1")
        .env("ATLAN_BASE_URL", tenant.url())
        .env("CONNECTION_QUALIFIED_NAME", example::CONNECTION)
        .env("API_TOKEN_NAME", example::TOKEN)
        .env("USER_BEARER_TOKEN", example::ADMIN_BEARER)
        .env("OUTPUT_FORMAT", "text")
        .env("LOG_LEVEL", "warn")
        .status()
        .expect("it can be started once more");
    assert!(status.success(), "the program ended with {status}");
}
