//! What is measured: near and far, plain and over TLS, few admins and many, start-up alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stand_in_tenant::{Certificate, StandIn, World};
use tempfile::TempDir;

use crate::measure::{Cost, Subject, in_turns};
use crate::subjects;

/// How much later each answer comes when the tenant is far away.
pub(crate) const FAR: Duration = Duration::from_millis(50);

/// Where Debian, Alpine and their kin keep the CA certificates.
const SYSTEM_CAS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How often each pair is run.
pub(crate) struct Scale {
    near: usize,
    far: usize,
    growth: usize,
    python: usize,
}

impl Scale {
    /// For figures to publish.
    pub(crate) const FULL: Scale = Scale { near: 100, far: 20, growth: 15, python: 3 };
    /// For a look.
    pub(crate) const QUICK: Scale = Scale { near: 20, far: 3, growth: 3, python: 1 };
}

/// One kind of run, by two programs in turns.
pub(crate) struct Duel {
    pub(crate) title: String,
    pub(crate) names: [String; 2],
    pub(crate) pairs: Vec<[Cost; 2]>,
}

/// The same with so many admin users.
pub(crate) struct Growth {
    pub(crate) admins: usize,
    /// The connection's JSON, as the tenant sends it.
    pub(crate) answer_bytes: usize,
    pub(crate) pairs: Vec<[Cost; 2]>,
}

/// Everything that was measured.
pub(crate) struct Results {
    pub(crate) binary_bytes: u64,
    pub(crate) near: Vec<Duel>,
    pub(crate) far: Vec<Duel>,
    pub(crate) growth: Vec<Growth>,
    pub(crate) start_up: Vec<Duel>,
    pub(crate) python: Option<Duel>,
}

/// Measures everything.
pub(crate) fn run(program: &Path, scale: &Scale) -> Results {
    let bench = Bench { program, directory: TempDir::new().expect("a directory for files") };
    let start_up = [(vec!["--version"], 0), (vec![], 4)].map(|(arguments, exit_code)| {
        let ours = subjects::ours_alone(program, &arguments, exit_code);
        let title = if exit_code == 0 { "`--version`" } else { "A run without inputs" };
        duel(title, &ours, &subjects::curl_alone(&["--version"]), None, scale.near)
    });
    Results {
        binary_bytes: std::fs::metadata(program).expect("the release binary").len(),
        near: bench.over_each_transport("Near", Duration::ZERO, scale.near),
        far: bench.over_each_transport("Far", FAR, scale.far),
        growth: [10, 1_000, 10_000, 100_000].map(|admins| bench.growth(admins, scale.growth)).into(),
        start_up: start_up.into(),
        python: bench.python(scale.python),
    }
}

struct Bench<'a> {
    program: &'a Path,
    directory: TempDir,
}

impl Bench<'_> {
    fn over_each_transport(&self, place: &str, latency: Duration, pairs: usize) -> Vec<Duel> {
        let plain = StandIn::start(World::example());
        let mut duels =
            vec![self.against_curl(&format!("{place}, plain HTTP"), &plain, None, latency, pairs)];
        let by_tls = StandIn::start_tls(World::example(), Certificate::Good);
        let one_ca = self.keep("one-ca.pem", &by_tls.ca_pem);
        duels.push(self.against_curl(&format!("{place}, TLS"), &by_tls, Some(&one_ca), latency, pairs));
        // A real tenant's CA is one of a hundred and more that a machine trusts.
        if let Ok(system) = std::fs::read_to_string(SYSTEM_CAS) {
            let all_cas = self.keep("all-cas.pem", &format!("{system}\n{}", by_tls.ca_pem));
            let title = format!("{place}, TLS, trusting {} CAs", system.matches("BEGIN CERT").count() + 1);
            duels.push(self.against_curl(&title, &by_tls, Some(&all_cas), latency, pairs));
        }
        duels
    }

    fn against_curl(
        &self,
        title: &str,
        tenant: &StandIn,
        ca_file: Option<&Path>,
        latency: Duration,
        pairs: usize,
    ) -> Duel {
        let ours = subjects::ours(self.program, tenant, ca_file);
        let curl = subjects::curl(&ours, tenant, ca_file, self.directory.path());
        tenant.set_latency(latency);
        duel(title, &ours, &curl, Some(tenant), pairs)
    }

    fn growth(&self, admins: usize, pairs: usize) -> Growth {
        let mut world = World::example();
        for number in 2..admins {
            world.first().add(&format!("first.last-{number:06}"));
        }
        let tenant = StandIn::start(world);
        let ours = subjects::ours(self.program, &tenant, None);
        let curl = subjects::curl(&ours, &tenant, None, self.directory.path());
        eprintln!("{admins} admin users: {pairs} pairs");
        let pairs = in_turns(&ours, &curl, Some(&tenant), pairs);
        Growth { admins, answer_bytes: tenant.edit(|world| world.first().entity().to_string().len()), pairs }
    }

    /// The job through Atlan's Python SDK, if that is installed.
    fn python(&self, pairs: usize) -> Option<Duel> {
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        if !subjects::works(&python, &["-c", "import pyatlan"]) {
            eprintln!("no pyatlan for {python} (name another in PYTHON): skipped");
            return None;
        }
        let tenant = StandIn::start(World::example());
        let ours = subjects::ours(self.program, &tenant, None);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/whole_run/pyatlan_peer.py");
        let peer = Subject {
            name: "Python SDK".to_owned(),
            command: vec![python.into(), script.into()],
            ..ours.clone()
        };
        Some(duel("The Python SDK, near, plain HTTP", &ours, &peer, Some(&tenant), pairs))
    }

    fn keep(&self, name: &str, text: &str) -> PathBuf {
        let file = self.directory.path().join(name);
        std::fs::write(&file, text).expect("the file can be kept");
        file
    }
}

fn duel(title: &str, ours: &Subject, peer: &Subject, tenant: Option<&StandIn>, pairs: usize) -> Duel {
    eprintln!("{title}: {pairs} pairs");
    Duel {
        title: title.to_owned(),
        names: [ours.name.clone(), peer.name.clone()],
        pairs: in_turns(ours, peer, tenant, pairs),
    }
}
