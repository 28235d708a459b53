//! Runs the program as a user would, and reads what it says.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use stand_in_tenant::{StandIn, World, example};

/// A tenant with one connection and one API token.
pub fn example() -> StandIn {
    StandIn::start(World::example())
}

/// A JWT with this payload, and no signature that anybody would accept.
pub fn jwt(payload: &str) -> String {
    format!("eyJhbGciOiJub25lIn0.{}.Zm9yZ2Vk", URL_SAFE_NO_PAD.encode(payload))
}

/// The program with an environment of its own: nothing of the machine's gets in.
pub struct Job(Command);

impl Job {
    /// Without any input.
    pub fn bare() -> Job {
        let mut command = Command::new(env!("CARGO_BIN_EXE_api-token-connection-admin"));
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Job(command)
    }

    /// With the inputs that make the example's API token an admin of its connection.
    pub fn against(tenant: &StandIn) -> Job {
        Job::bare()
            .env("ATLAN_BASE_URL", tenant.url())
            .env("CONNECTION_QUALIFIED_NAME", example::CONNECTION)
            .env("API_TOKEN_NAME", example::TOKEN)
            .env("USER_BEARER_TOKEN", example::ADMIN_BEARER)
    }

    /// Inside the cluster, whose services are all behind a proxy that the stand-in plays.
    pub fn in_cluster(tenant: &StandIn) -> Job {
        Job::against(tenant)
            .without("USER_BEARER_TOKEN")
            .env("ATLAN_BASE_URL", "INTERNAL")
            .env("HTTP_PROXY", tenant.url())
            .env("ATLAN_USER_ID", example::ADMIN_ID)
            .env("CLIENT_ID", example::WORKFLOW_CLIENT)
            .env("CLIENT_SECRET", example::WORKFLOW_SECRET)
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Job {
        self.0.env(name, value);
        self
    }

    pub fn without(mut self, name: &str) -> Job {
        self.0.env_remove(name);
        self
    }

    pub fn args<const N: usize>(mut self, arguments: [&str; N]) -> Job {
        self.0.args(arguments);
        self
    }

    /// For what only this test needs.
    pub fn with(mut self, change: impl FnOnce(&mut Command)) -> Job {
        change(&mut self.0);
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ran {
        self.start().wait()
    }

    /// Runs it with this on standard input.
    pub fn run_with_input(mut self, input: &str) -> Ran {
        self.0.stdin(Stdio::piped());
        let mut running = self.start();
        running.child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        running.wait()
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        Running { started: Instant::now(), child: self.0.spawn().unwrap() }
    }
}

/// The program while it runs.
pub struct Running {
    pub child: Child,
    started: Instant,
}

impl Running {
    pub fn wait(self) -> Ran {
        let output = self.child.wait_with_output().unwrap();
        Ran::new(output, self.started.elapsed())
    }

    /// Sends it a signal, by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub elapsed: Duration,
}

impl Ran {
    fn new(output: Output, elapsed: Duration) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            elapsed,
        }
    }

    /// The report: standard output must be exactly one line of JSON.
    pub fn report(&self) -> Value {
        let line = self.stdout.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {self:?}"));
        assert!(!line.contains('\n'), "more than one line: {self:?}");
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The report of a run that made the token an admin.
    #[track_caller]
    pub fn added(&self) -> Value {
        let report = self.report();
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!((&report["status"], &report["changed"]), (&"added".into(), &true.into()), "{self:?}");
        report
    }

    /// The report of a run that failed like this, the exit code being the report's.
    #[track_caller]
    pub fn failed(&self, code: i32, kind: &str, step: &str) -> Value {
        let report = self.report();
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(report["status"], "failed", "{self:?}");
        let error = &report["error"];
        assert_eq!((&error["kind"], &error["step"]), (&kind.into(), &step.into()), "{self:?}");
        assert_eq!(error["exit_code"], code, "{self:?}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        assert!(error["hint"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        report
    }

    /// Everything it said, wherever.
    pub fn everything(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs each case on a thread of its own: they mostly wait.
pub fn all_at_once<T: Sync>(cases: &[T], check: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(case));
        }
    });
}

/// Waits for something that happens in another process or thread.
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
