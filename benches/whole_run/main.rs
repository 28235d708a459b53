//! Measures whole runs of the program against the stand-in tenant, beside curl with the same requests:
//!
//!     cargo bench --bench whole_run              the time and the memory, with hyperfine from 1.20 on
//!     cargo bench --bench whole_run -- --quick   the same, a look only
//!     cargo bench --bench whole_run -- --cost    the instructions, with valgrind
//!
//! PROGRAM measures another program than `cargo build --release` makes.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a benchmark that fails must not print figures")]

mod curl;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;
use stand_in_tenant::{Certificate, Request, Stage, StandIn, World, example};
use tempfile::TempDir;

const NAME: &str = env!("CARGO_PKG_NAME");

/// Where Debian, Alpine and their kin keep the CA certificates: a real tenant's CA is one of them.
const SYSTEM_CAS: &str = "/etc/ssl/certs/ca-certificates.crt";

fn main() -> ExitCode {
    let has = |wanted: &str| std::env::args().any(|flag| flag == wanted);
    if !has("--bench") {
        // `cargo test --all-targets` comes here, and a test never times anything.
        println!("to measure: cargo bench --bench whole_run");
        return ExitCode::SUCCESS;
    }
    let tool = if has("--cost") { "valgrind" } else { "hyperfine" };
    if !works(tool) {
        eprintln!("{tool} isn't installed: apt install valgrind, or cargo install --locked hyperfine@1.20.0");
        return ExitCode::FAILURE;
    }
    let bench = Bench::new(if has("--quick") { 10 } else { 1 });
    let plain = || StandIn::start(World::example());
    let by_tls = || StandIn::start_tls(World::example(), Certificate::Good);
    let crowded = || StandIn::start(with_admins(10_000));
    if has("--cost") {
        println!("| run | program | instructions, millions |");
        println!("| --- | --- | ---: |");
        bench.count("plain HTTP", &plain(), "");
        bench.count("TLS, one CA", &by_tls(), "");
        bench.count("10,000 admin users", &crowded(), "");
        return ExitCode::SUCCESS;
    }
    println!("| run | program | wall, ms | of curl's | CPU, ms | peak, MiB |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    bench.time("plain HTTP", &plain(), "", 200);
    bench.time("10,000 admin users", &crowded(), "", 50);
    let system_cas = std::fs::read_to_string(SYSTEM_CAS).unwrap_or_default();
    bench.time("TLS, all of the machine's CAs", &by_tls(), &system_cas, 200);
    ExitCode::SUCCESS
}

/// A tenant whose connection has so many admin users.
fn with_admins(count: usize) -> World {
    let mut world = World::example();
    let admins = world.first().admin_users.get_or_insert_default();
    admins.extend((admins.len()..count).map(|number| format!("first.last-{number:06}")));
    world
}

struct Bench {
    program: PathBuf,
    directory: TempDir,
    /// By which the numbers of runs are divided.
    hurry: usize,
}

impl Bench {
    fn new(hurry: usize) -> Bench {
        // `cargo bench` builds a program too, but with the features that the tests' dependencies
        // switch on; what is measured must be what is shipped.
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args([
            "build",
            "--quiet",
            "--release",
            "--package",
            NAME,
            "--bin",
            NAME,
        ]);
        assert!(cargo.status().is_ok_and(|status| status.success()), "the release build fails");
        let built = PathBuf::from(env!("CARGO_BIN_EXE_api-token-connection-admin"));
        let program = std::env::var_os("PROGRAM").map_or(built, PathBuf::from);
        Bench { program, directory: TempDir::new().expect("a directory for files"), hurry }
    }

    /// Times the program and curl: the smallest first, since the peak memory that hyperfine tells is that of
    /// the largest process so far.
    fn time(&self, title: &str, tenant: &StandIn, more_cas: &str, runs: usize) {
        let (requests, ca_file) = self.record(tenant, more_cas);
        let peers = self.program_and_curl(tenant, &requests, ca_file.as_deref());
        let results = self.directory.path().join("results.json");
        let mut hyperfine = Command::new("hyperfine");
        hyperfine.args(["--shell=none", "--style=none", "--warmup=3", "--export-json"]).arg(&results);
        hyperfine.arg(format!("--runs={}", runs.div_ceil(self.hurry)));
        for (name, command) in &peers {
            hyperfine.args(["--command-name", name, command]);
        }
        self.run(&mut hyperfine, tenant, ca_file.as_deref());
        // Everybody did the same: four requests on one connection.
        assert_eq!(tenant.requests().len(), requests.len() * tenant.connections(), "{title}");
        print_rows(title, &results);
    }

    /// Counts the instructions of one run of the program, and of curl: the same number on any machine of
    /// one kind, however busy.
    fn count(&self, title: &str, tenant: &StandIn, more_cas: &str) {
        let (requests, ca_file) = self.record(tenant, more_cas);
        for (name, command) in self.program_and_curl(tenant, &requests, ca_file.as_deref()) {
            let mut valgrind = Command::new("valgrind");
            valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).args(command.split(' '));
            let said = self.run(&mut valgrind, tenant, ca_file.as_deref());
            let count = said.rsplit("Collected : ").next().and_then(|rest| rest.lines().next());
            let count: f64 = count.and_then(|count| count.trim().parse().ok()).expect("callgrind's count");
            println!("| {title} | {name} | {:.1} |", count / 1e6);
        }
    }

    /// The requests of one run, and the file of CAs for it. The tenant forgets the new admin as soon as a
    /// run has read it back.
    fn record(&self, tenant: &StandIn, more_cas: &str) -> (Vec<Request>, Option<PathBuf>) {
        let ca_file = tenant.url().starts_with("https").then(|| self.directory.path().join("cas.pem"));
        if let Some(file) = &ca_file {
            std::fs::write(file, format!("{more_cas}\n{}", tenant.ca_pem)).expect("the file can be written");
        }
        tenant.after_each(Stage::ReadBack, |world| world.first().remove(example::USERNAME));
        self.run(&mut Command::new(&self.program), tenant, ca_file.as_deref());
        (tenant.requests(), ca_file)
    }

    fn program_and_curl(
        &self,
        tenant: &StandIn,
        requests: &[Request],
        ca_file: Option<&Path>,
    ) -> [(&'static str, String); 2] {
        let curl = curl::curl(tenant, requests, ca_file, self.directory.path());
        [(NAME, self.program.display().to_string()), curl]
    }

    /// Runs a command with the program's inputs, and nothing else of this machine's environment. Answers
    /// what it says on standard error.
    fn run(&self, command: &mut Command, tenant: &StandIn, ca_file: Option<&Path>) -> String {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("ATLAN_BASE_URL", tenant.url()).env("CONNECTION_QUALIFIED_NAME", example::CONNECTION);
        command.env("API_TOKEN_NAME", example::TOKEN).env("USER_BEARER_TOKEN", example::ADMIN_BEARER);
        command.envs(ca_file.map(|file| ("SSL_CERT_FILE", file)));
        let output = command.stdin(Stdio::null()).output().expect("the command starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {said}");
        said
    }
}

/// hyperfine's medians as rows of a table.
fn print_rows(title: &str, results: &Path) {
    let text = std::fs::read_to_string(results).expect("hyperfine's results");
    let results: Value = serde_json::from_str(&text).expect("JSON");
    let results = results["results"].as_array().expect("results");
    let wall = |result: &Value| result["median"].as_f64().unwrap_or(f64::NAN);
    let curls = results.iter().find(|result| result["command"] == "curl").map_or(f64::NAN, wall);
    for result in results {
        let cpu: f64 = ["user", "system"].iter().filter_map(|kind| result[kind].as_f64()).sum();
        let peaks = result["memory_usage_byte"].as_array().into_iter().flatten();
        println!(
            "| {title} | {} | {:.2} | {:.2} | {:.2} | {:.1} |",
            result["command"].as_str().unwrap_or_default(),
            wall(result) * 1e3,
            wall(result) / curls,
            cpu * 1e3,
            peaks.filter_map(Value::as_f64).fold(f64::NAN, f64::max) / f64::from(1 << 20),
        );
    }
}

/// True if this program is there.
fn works(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
