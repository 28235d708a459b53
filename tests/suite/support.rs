//! Runs the program as a user would, and reads what it says.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use stand_in_tenant::{StandIn, World, example};
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// What docs/ promises of every report. Readers are to ignore fields that it doesn't know; here there
/// are none.
static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    fn close(schema: &mut Value) {
        if let Some(fields) = schema.as_object_mut() {
            if fields.get("properties").is_some_and(Value::is_object) && fields.contains_key("type") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            fields.values_mut().for_each(close);
        }
    }
    let mut schema = serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
    close(&mut schema);
    jsonschema::validator_for(&schema).unwrap()
});

/// Fails unless the report is as docs/ promises.
#[track_caller]
pub fn assert_valid(report: &Value) {
    let invalid: Vec<_> = SCHEMA.iter_errors(report).map(|error| error.to_string()).collect();
    assert!(invalid.is_empty(), "not as docs/report.schema.json says: {invalid:?}: {report}");
}

/// A tenant with one connection and one API token.
pub fn example() -> StandIn {
    StandIn::start(World::example())
}

/// A JWT with this payload, and no signature that anybody would accept.
pub fn jwt(payload: &str) -> String {
    format!("eyJhbGciOiJub25lIn0.{}.Zm9yZ2Vk", URL_SAFE_NO_PAD.encode(payload))
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_api-token-connection-admin");

/// The program with an environment of its own: nothing of the machine's gets in.
pub struct Job {
    command: Command,
    secrets: Secrets,
    files: Vec<TempDir>,
}

impl Job {
    /// Without any input.
    pub fn bare() -> Job {
        Job { command: clean_command(PROGRAM.as_ref()), secrets: Secrets::default(), files: Vec::new() }
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

    /// As an OAuth client, which is an admin of the connection.
    pub fn as_oauth_client(tenant: &StandIn) -> Job {
        let client_id = example::OAUTH_CLIENT;
        tenant.edit(|world| {
            world.add_oauth_client(client_id);
            world.first().add(&format!("service-account-{client_id}"));
        });
        Job::against(tenant)
            .without("USER_BEARER_TOKEN")
            .env("ATLAN_OAUTH_CLIENT_ID", client_id)
            .env("ATLAN_OAUTH_CLIENT_SECRET", example::OAUTH_SECRET)
    }

    /// As this user of the tenant, with a bearer token that says so.
    pub fn signed_in(self, tenant: &StandIn, username: &str) -> Job {
        let bearer = tenant.edit(|world| world.sign_in(username));
        self.env("USER_BEARER_TOKEN", bearer)
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Job {
        self.command.env(name, value);
        self
    }

    pub fn envs<V: AsRef<std::ffi::OsStr>>(mut self, variables: &[(&str, V)]) -> Job {
        self.command.envs(variables.iter().map(|(name, value)| (name, value)));
        self
    }

    /// With the name of a file that holds this.
    pub fn file(mut self, name: &str, text: impl AsRef<[u8]>) -> Job {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, text).unwrap();
        self.files.push(folder);
        self.env(name, path)
    }

    pub fn without(mut self, name: &str) -> Job {
        self.command.env_remove(name);
        self
    }

    pub fn args<T: AsRef<std::ffi::OsStr>>(mut self, arguments: impl IntoIterator<Item = T>) -> Job {
        self.command.args(arguments);
        self
    }

    /// Another copy of the program, with the inputs that were given so far.
    pub fn program(self, program: &Path) -> Job {
        let mut command = clean_command(program);
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Job { command, ..self }
    }

    /// From a shell that does this first, with the inputs that were given so far.
    pub fn in_a_shell(self, first: &str) -> Job {
        self.program("/bin/bash".as_ref()).args(["-c", &format!("{first}\nexec \"$0\""), PROGRAM])
    }

    /// For what only this test needs.
    pub fn with(mut self, change: impl FnOnce(&mut Command)) -> Job {
        change(&mut self.command);
        self
    }

    /// A secret that stands where the program doesn't expect one, or inside something else: nothing
    /// that the program says may show it. What secret inputs hold is known anyway.
    pub fn secret(mut self, secret: &str) -> Job {
        self.secrets.0.insert(secret.to_owned());
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Ran {
        self.start().wait()
    }

    /// Runs it with this on standard input.
    pub fn run_with_input(mut self, input: &str) -> Ran {
        self.command.stdin(Stdio::piped());
        self.secrets.add("standard input", input);
        let mut running = self.start();
        running.child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        running.wait()
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let mut written = Vec::new();
        for (name, value) in self.command.get_envs() {
            let (Some(name), Some(value)) = (name.to_str(), value.map(Path::new)) else { continue };
            self.secrets.add(name, &value.to_string_lossy());
            match name.strip_suffix("_FILE") {
                Some("REPORT" | "LOG") => written.push((value.to_owned(), content(value))),
                Some(input) => self.secrets.add(input, &String::from_utf8_lossy(&content(value))),
                None => {}
            }
        }
        // Those that start in one moment would keep each other from their deadlines, however many can run
        // side by side a moment later: nearly all that they do is wait. The mutex is a fair one.
        static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let turn = STARTING.blocking_lock();
        let child = self.command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(1));
        drop(turn);
        Running { started: Instant::now(), child, secrets: self.secrets, written, _files: self.files }
    }
}

/// What a file holds, if it is one.
fn content(path: &Path) -> Vec<u8> {
    if path.is_file() { fs::read(path).unwrap() } else { Vec::new() }
}

/// The program without arguments, and without an environment. nohup and a script's background ignore
/// signals, and whoever is started there does, too: here each does what it does by default.
fn clean_command(program: &Path) -> Command {
    let mut command = Command::new("/usr/bin/env");
    command.arg("--default-signal").arg(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program while it runs.
pub struct Running {
    pub child: Child,
    started: Instant,
    secrets: Secrets,
    /// The files that it may write, and what they held before.
    written: Vec<(PathBuf, Vec<u8>)>,
    _files: Vec<TempDir>,
}

impl Running {
    #[track_caller]
    pub fn wait(self) -> Ran {
        let output = self.child.wait_with_output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        let ran = Ran { code: output.status.code(), stdout, stderr, elapsed: self.started.elapsed() };
        self.secrets.assert_absent_from(&ran.everything());
        for (path, before) in self.written {
            let now = content(&path);
            if now != before {
                self.secrets.assert_absent_from(&String::from_utf8(now).unwrap());
            }
        }
        ran
    }

    /// Sends it a signal, by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

/// Every secret that a run is given: whatever it says or writes is searched for each of them.
#[derive(Default)]
struct Secrets(BTreeSet<String>);

impl Secrets {
    const INPUTS: [&str; 4] =
        ["USER_BEARER_TOKEN", "ATLAN_API_KEY", "CLIENT_SECRET", "ATLAN_OAUTH_CLIENT_SECRET"];

    /// All that is secret in the text of this input.
    fn add(&mut self, input: &str, text: &str) {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
        let tokens = words.filter(|word| word.starts_with("eyJ") && word.len() >= 16);
        let is_one = |name: &str| Secrets::INPUTS.contains(&name);
        // Shorter ones are in ordinary words, and an input's name is none.
        let is_secret = |word: &str| word.len() >= 8 && !word.contains(char::is_whitespace) && !is_one(word);
        let whole = Some(text.trim().trim_start_matches("Bearer "));
        let whole = whole.filter(|word| is_one(&input.to_uppercase()) && is_secret(word));
        self.0.extend(tokens.chain(whole).map(str::to_owned));
        let fields: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        fields.iter().for_each(|(name, value)| self.add(name, value.as_str().unwrap_or_default()));
    }

    #[track_caller]
    fn assert_absent_from(&self, said: &str) {
        // And of each that is given out in the stand-in tenant, the start.
        for secret in self.0.iter().map(String::as_str).chain(["opaque-bearer-"]) {
            let start = secret.get(..20).unwrap_or(secret);
            for form in [secret, start, &Value::from(secret).to_string(), &start.to_lowercase()] {
                assert!(!said.contains(form.trim_matches('"')), "{form} is shown: {said}");
            }
        }
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
    /// The report: standard output must be exactly one line of JSON.
    pub fn report(&self) -> Value {
        let report = serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(self.stdout.find('\n'), Some(self.stdout.len() - 1), "not one line: {self:?}");
        assert_valid(&report);
        report
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
        let error = &report["error"];
        assert_eq!((self.code, &report["status"]), (Some(code), &"failed".into()), "{self:?}");
        let told = (&error["kind"], &error["step"], &error["exit_code"]);
        assert_eq!(told, (&kind.into(), &step.into(), &code.into()), "{self:?}");
        report
    }

    /// Refused because of an input, before any request. The report says each of these words.
    #[track_caller]
    pub fn refused(&self, tenant: &StandIn, words: &[&str]) {
        let report = self.failed(4, "invalid_input", "configure");
        let said =
            format!("{} {}", report["error"]["message"], report["error"]["hint"]).replace("\\\"", "\"");
        for word in words {
            assert!(said.contains(word), "{word:?} isn't said: {said}");
        }
        assert_eq!(report["changed"], false);
        assert!(tenant.requests().is_empty(), "{said}");
    }

    /// The failure is told in these words: what was found, and what to do.
    #[track_caller]
    pub fn says(&self, message: &str, hint: &str) {
        let error = &self.report()["error"];
        for (field, words) in [("message", message), ("hint", hint)] {
            let said = error[field].as_str().unwrap_or_default();
            assert!(said.contains(words), "{words:?} isn't said: {error:#}");
        }
    }

    /// Everything it said, wherever.
    pub fn everything(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A port of loopback at which nobody listens. Nobody else is given it as long as this is kept, but
/// a stand-in can be started there.
pub struct FreePort(TcpSocket);

impl FreePort {
    pub fn reserve() -> FreePort {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        FreePort(socket)
    }

    pub fn number(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.number())
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
