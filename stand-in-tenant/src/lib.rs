//! A stand-in for an Atlan tenant: the endpoints that `api-token-connection-admin` uses, over real
//! HTTP, with state that changes as the real one's does. It also misbehaves on request: see
//! [`Fault`], and the methods of [`StandIn`] that say when.
//!
//! ```
//! use stand_in_tenant::{StandIn, World, example};
//!
//! let tenant = StandIn::start(World::example());
//! assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
//! println!("ATLAN_BASE_URL={}", tenant.url());
//! ```
//!
//! # How close to the real one it is
//!
//! **Seen on the open-source metastore**, running with two replicas, and copied from there:
//!
//! - `PUT entity/uniqueAttribute/type/…` can't create, wants the qualified name in the body, updates
//!   what is archived (and then names nothing in its answer), replaces a list as a set, leaves lists
//!   alone that aren't sent, empties those sent as `null`, and never lets all three be empty.
//! - Every change gives another `updateTime`, the same names in another order among them.
//! - Who isn't on the list may not read; members and guests who are on it may not write.
//! - The right comes first, then Keycloak, then the graph. A user who was added and whom nobody knows
//!   is 500 `ATLAS-500-00-001`; whatever else goes wrong with Keycloak is 400 `ATLAS-400-00-029`.
//! - A new right reaches one replica after the other ([`World::right_comes_after`]), and with its
//!   cache on a replica shows old lists with old times ([`World::serve_old_reads`]).
//! - Without a bearer token it redirects to `/login.jsp`; with a bad one it is 401 with a challenge.
//!   400 for JSON that is none.
//!
//! **Seen on Keycloak 18 to 26:** every refusal of the token endpoint. Where the versions differ, it
//! is the newest one's.
//!
//! **Only concluded from Atlan's SDKs and documentation:** everything of Heracles (API tokens, OAuth
//! clients, its errors' codes and words), the name of an OAuth client's service account, and the HTML
//! that a gateway gives. **Only read in the metastore's source:** query collections, whose creator is
//! put back among the editors; and that the name in the body of a `PUT` is the one whose right counts.
//!
//! **Left out:** `POST entity/bulk`, search, Brotli, limits of the number of requests, and the right as
//! something apart from the list (here they never part).

#![forbid(unsafe_code)]

mod answer;
mod asset;
mod atlas;
mod changes;
pub mod example;
mod exchange;
mod fault;
mod heracles;
mod jwt;
mod keycloak;
mod people;
mod plan;
mod replicas;
mod rights;
mod routes;
mod server;
mod tls;
mod world;

pub use asset::{Asset, Kind};
pub use fault::{Fault, Stage, Times};
pub use heracles::ApiToken;
pub use keycloak::Keycloak;
pub use replicas::Reads;
pub use rights::Role;
pub use tls::Certificate;
pub use world::World;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use plan::{Action, Rule, Shared, Side};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, without the query, and without the host that a proxied request names.
    pub path: String,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Which of the job's requests it is.
    pub stage: Stage,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A value of the query; empty if there is none of this name.
    pub fn query(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// A tenant that serves until it is dropped.
pub struct StandIn {
    shared: Arc<Mutex<Shared>>,
    address: SocketAddr,
    scheme: &'static str,
    /// The certificate of the CA that signed the server's, as PEM; empty without TLS.
    pub ca_pem: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl StandIn {
    /// A tenant on a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If loopback can't be used.
    pub fn start(world: World) -> StandIn {
        StandIn::start_at(world, 0, None)
    }

    /// The same over TLS.
    ///
    /// # Panics
    ///
    /// If loopback can't be used.
    pub fn start_tls(world: World, certificate: Certificate) -> StandIn {
        StandIn::start_at(world, 0, Some(certificate))
    }

    /// A tenant on this port of 127.0.0.1; 0 is any free one.
    ///
    /// # Panics
    ///
    /// If the port can't be used.
    pub fn start_at(world: World, port: u16, certificate: Option<Certificate>) -> StandIn {
        let address = (Ipv4Addr::LOCALHOST, port).into();
        StandIn::listen(world, address, certificate).expect("a port on loopback")
    }

    /// A tenant that listens on this address.
    ///
    /// # Errors
    ///
    /// If the address can't be used.
    pub fn listen(
        mut world: World,
        address: SocketAddr,
        certificate: Option<Certificate>,
    ) -> io::Result<StandIn> {
        world.settle();
        let shared = Arc::new(Mutex::new(Shared { world, ..Shared::default() }));
        let (acceptor, ca_pem) = certificate.map(tls::acceptor).unzip();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let address = server::start(address, acceptor, shared.clone(), stopped)?;
        Ok(StandIn { shared, address, scheme, ca_pem: ca_pem.unwrap_or_default(), _stop: stop })
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        plan::lock(&self.shared)
    }

    /// What to give as `ATLAN_BASE_URL`, or, for `INTERNAL`, as `HTTP_PROXY`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Looks at or changes what the tenant holds.
    pub fn edit<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.lock().change(change)
    }

    /// The admin users of a connection, or the editors of a query collection.
    ///
    /// # Panics
    ///
    /// If there is no such asset.
    pub fn admin_users(&self, qualified_name: &str) -> Vec<String> {
        self.edit(|world| world.asset(qualified_name).admin_users.clone().unwrap_or_default())
    }

    /// The viewers of a query collection.
    ///
    /// # Panics
    ///
    /// If there is no such asset.
    pub fn viewer_users(&self, qualified_name: &str) -> Vec<String> {
        self.edit(|world| world.asset(qualified_name).viewer_users.clone())
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// How many requests of this kind there were.
    pub fn count(&self, stage: Stage) -> usize {
        self.lock().requests.iter().filter(|request| request.stage == stage).count()
    }

    /// How many TCP connections were accepted.
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// Answers so much later from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.lock().latency = latency;
    }

    /// From now on a new connection is served only so much later. The operating system accepts it
    /// at once, so that without TLS a request may be on its way by then.
    pub fn set_accept_delay(&self, delay: Duration) {
        self.lock().accept_delay = delay;
    }

    /// From now on these reads show the tenant as it was so long ago: see [`World::serve_old_reads`].
    pub fn serve_old_reads(&self, lag: Duration, reads: Reads) {
        self.edit(|world| world.serve_old_reads(lag, reads));
    }

    /// Misbehaves at requests of this kind, which are not carried out, unless what the client sees is
    /// the tenant's own answer.
    pub fn fail(&self, stage: Stage, times: Times, fault: Fault) {
        let carried_out = fault.shows_the_answer().then_some(Duration::ZERO);
        self.rule(stage, times, Action::Answer { fault: Some(fault), carried_out });
    }

    /// Carries requests of this kind out, and then misbehaves instead of saying so.
    pub fn lose_answer(&self, stage: Stage, times: Times, fault: Fault) {
        self.rule(stage, times, Action::Answer { fault: Some(fault), carried_out: Some(Duration::ZERO) });
    }

    /// Misbehaves at once at requests of this kind, and carries them out so much later.
    pub fn carry_out_late(&self, stage: Stage, times: Times, delay: Duration, fault: Fault) {
        self.rule(stage, times, Action::Answer { fault: Some(fault), carried_out: Some(delay) });
    }

    /// Carries requests of this kind out, and answers them, so much later, whether or not the client
    /// waits for it.
    pub fn slow_down(&self, stage: Stage, times: Times, delay: Duration) {
        self.rule(stage, times, Action::Answer { fault: None, carried_out: Some(delay) });
    }

    /// Somebody else does something, right before the next request of this kind is carried out.
    pub fn before(&self, stage: Stage, change: impl FnMut(&mut World) + Send + 'static) {
        self.rule(stage, Times::Once, Action::meddle(Side::Before, change));
    }

    /// Somebody else does something, right after the next request of this kind was carried out.
    pub fn after(&self, stage: Stage, change: impl FnMut(&mut World) + Send + 'static) {
        self.rule(stage, Times::Once, Action::meddle(Side::After, change));
    }

    /// Somebody else does something, right after each request of this kind.
    pub fn after_each(&self, stage: Stage, change: impl FnMut(&mut World) + Send + 'static) {
        self.rule(stage, Times::Forever, Action::meddle(Side::After, change));
    }

    fn rule(&self, stage: Stage, times: Times, action: Action) {
        self.lock().rules.push(Rule { stage, times, action });
    }
}

impl Drop for StandIn {
    /// # Panics
    ///
    /// If a request's handling panicked, what somebody else was to do in it included: the client saw
    /// only a connection that broke. And if something was to happen once, and its request never came:
    /// whoever arranged it has seen something else.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert!(!self.shared.is_poisoned(), "the stand-in panicked: see above");
        let left = self.lock().rules.iter().find(|rule| rule.times == Times::Once).map(|rule| rule.stage);
        assert_eq!(left, None, "what was to happen at this request never did");
    }
}
