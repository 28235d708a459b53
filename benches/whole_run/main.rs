//! Times whole runs of the program against the stand-in tenant, beside what else could do the same job:
//! `cargo bench --bench whole_run`. hyperfine does the measuring, from 1.20 on with the memory. With `-- --quick` it takes a look only.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a benchmark that fails must not print figures")]

mod peers;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use serde_json::Value;
use stand_in_tenant::{Certificate, Stage, StandIn, World, example};
use tempfile::TempDir;

use peers::Peer;

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
    if !peers::works("hyperfine", &["--version"]) {
        eprintln!("hyperfine isn't installed: cargo install --locked hyperfine@1.20.0");
        return ExitCode::FAILURE;
    }
    let bench = Bench::new(if has("--quick") { 10 } else { 1 });
    println!("| run | program | wall, ms | of curl's | CPU, ms | peak, MiB |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    bench.measure("plain HTTP", &StandIn::start(World::example()), 200, peers::python());
    bench.measure("10,000 admin users", &StandIn::start(with_admins(10_000)), 50, None);
    let far = StandIn::start(World::example());
    far.set_latency(Duration::from_millis(50));
    bench.measure("each answer 50 ms later", &far, 30, None);
    let by_tls = StandIn::start_tls(World::example(), Certificate::Good);
    bench.measure("TLS, all of the machine's CAs", &by_tls, 200, None);
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
        for target in [["--bin", NAME], ["--example", "floor"]] {
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .args(["build", "--quiet", "--release"])
                .args(target);
            assert!(cargo.status().is_ok_and(|status| status.success()), "the release build fails");
        }
        let program = PathBuf::from(env!("CARGO_BIN_EXE_api-token-connection-admin"));
        Bench { program, directory: TempDir::new().expect("a directory for files"), hurry }
    }

    /// Measures the floor, which can't speak TLS, the program, curl, and another peer: the smallest first,
    /// since the peak memory that hyperfine tells is that of the largest process so far. The tenant
    /// forgets the new admin as soon as a run has read it back.
    fn measure(&self, title: &str, tenant: &StandIn, runs: usize, another: Option<Peer>) {
        let ca_file = tenant.url().starts_with("https").then(|| self.directory.path().join("cas.pem"));
        if let Some(file) = &ca_file {
            let system = std::fs::read_to_string(SYSTEM_CAS).unwrap_or_default();
            std::fs::write(file, system + "\n" + &tenant.ca_pem).expect("the file can be written");
        }
        tenant.after_each(Stage::ReadBack, |world| world.first().remove(example::USERNAME));
        self.run(Command::new(&self.program).stdout(Stdio::null()), tenant, ca_file.as_deref());

        let requests = tenant.requests();
        let (requests, directory) = (&requests[..], self.directory.path());
        let floor = self.program.with_file_name("examples").join("floor");
        let mut peers = vec![
            peers::floor(&floor, tenant, requests, directory),
            (NAME, self.program.display().to_string()),
            peers::curl(tenant, requests, ca_file.as_deref(), directory),
        ];
        if ca_file.is_some() {
            peers.remove(0);
        }
        let results = directory.join("results.json");
        let mut hyperfine = Command::new("hyperfine");
        hyperfine.args(["--shell=none", "--style=none", "--warmup=3", "--export-json"]).arg(&results);
        hyperfine.arg(format!("--runs={}", runs.div_ceil(self.hurry)));
        for (name, command) in peers.iter().chain(&another) {
            hyperfine.args(["--command-name", name, command]);
        }
        self.run(&mut hyperfine, tenant, ca_file.as_deref());
        // Everybody did the same: four requests on one connection.
        assert_eq!(tenant.requests().len(), requests.len() * tenant.connections(), "{title}");
        print_rows(title, &results);
    }

    /// Runs a command with the program's inputs, and nothing else of this machine's environment.
    fn run(&self, command: &mut Command, tenant: &StandIn, ca_file: Option<&Path>) {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("ATLAN_BASE_URL", tenant.url()).env("CONNECTION_QUALIFIED_NAME", example::CONNECTION);
        command.env("API_TOKEN_NAME", example::TOKEN).env("USER_BEARER_TOKEN", example::ADMIN_BEARER);
        command.envs(ca_file.map(|file| ("SSL_CERT_FILE", file)));
        let output = command.stdin(Stdio::null()).output().expect("the command starts");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
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
