//! What one process costs, and what many of them cost.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use stand_in_tenant::{StandIn, example};

/// The argument that makes this program a [`launcher`].
pub(crate) const LAUNCH: &str = "launch";

/// A program to measure. Its environment holds `PATH` and what is given here, nothing else.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) name: String,
    /// The program and its arguments.
    pub(crate) command: Vec<OsString>,
    pub(crate) env: Vec<(&'static str, String)>,
    /// The exit code that it must end with.
    pub(crate) exit_code: i32,
}

/// What one run cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall_ms: f64,
    pub(crate) cpu_ms: f64,
    pub(crate) peak_mib: f64,
    pub(crate) requests: usize,
    pub(crate) connections: usize,
}

impl Subject {
    /// Runs it once against `tenant`, on which the API token isn't an admin yet.
    pub(crate) fn run(&self, tenant: Option<&StandIn>) -> Cost {
        let seen = || tenant.map_or((0, 0), |tenant| (tenant.requests().len(), tenant.connections()));
        if let Some(tenant) = tenant {
            tenant.edit(|world| world.first().remove(example::USERNAME));
        }
        let before = seen();
        let output = Command::new(std::env::current_exe().expect("this program's own name"))
            .arg(LAUNCH)
            .args(&self.command)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("the launcher starts");
        assert_eq!(output.status.code(), Some(self.exit_code), "{} fails", self.name);
        let numbers = String::from_utf8_lossy(&output.stdout);
        let mut numbers = numbers.split_whitespace().map(|number| number.parse::<f64>().expect("a number"));
        let mut next = || numbers.next().expect("three numbers");
        let (wall_us, cpu_us, peak_kib) = (next(), next(), next());
        let after = seen();
        Cost {
            wall_ms: wall_us / 1e3,
            cpu_ms: cpu_us / 1e3,
            peak_mib: peak_kib / 1024.0,
            requests: after.0 - before.0,
            connections: after.1 - before.1,
        }
    }
}

/// Runs a command, and prints its wall time and CPU time in microseconds and its peak memory in
/// KiB. The peak memory of a process starts at that of the process that made it, so that the
/// benchmark, which holds the tenant, can't start what it measures itself.
pub(crate) fn launcher(mut command: impl Iterator<Item = OsString>) -> ExitCode {
    let mut child = Command::new(command.next().expect("a program"));
    child.args(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = child.status().expect("the program runs");
    let wall = started.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).expect("what the only child used");
    let cpu_us: i64 =
        [used.user_time(), used.system_time()].iter().map(|t| t.tv_sec() * 1_000_000 + t.tv_usec()).sum();
    println!("{} {cpu_us} {}", wall.as_micros(), used.max_rss());
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

/// Runs `ours` and `peer` in turns, each first as often as the other, after a warm-up.
pub(crate) fn in_turns(
    ours: &Subject,
    peer: &Subject,
    tenant: Option<&StandIn>,
    pairs: usize,
) -> Vec<[Cost; 2]> {
    for _ in 0..pairs.div_ceil(20) {
        ours.run(tenant);
        peer.run(tenant);
    }
    (0..pairs)
        .map(|pair| {
            if pair % 2 == 0 {
                let ours = ours.run(tenant);
                [ours, peer.run(tenant)]
            } else {
                let peer = peer.run(tenant);
                [ours.run(tenant), peer]
            }
        })
        .collect()
}

/// The median of a set of samples, and the limits of the half in the middle.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(samples: impl Iterator<Item = f64>) -> Spread {
        let mut sorted: Vec<f64> = samples.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part).round() as usize];
        Spread { low: at(0.25), median: at(0.5), high: at(0.75) }
    }
}
