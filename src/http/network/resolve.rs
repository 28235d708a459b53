//! From a host's name to its addresses.
//!
//! The system's resolver blocks, and for long if no name server answers, so each lookup gets a
//! plain thread of its own: the runtime's would panic where no thread can be started, and is waited
//! for at the end of the run. And only the resolver's own error code tells a name that doesn't
//! exist from a name server that doesn't answer.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;

use crate::config::is_localhost;

/// Why a host's name leads nowhere. Found again among the causes of the HTTP library's error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    /// There is no such name, or it has no address.
    #[error("there is no such host")]
    NoSuchHost,
    /// No name server answers, or none knows what to say.
    #[error("no name server has an answer")]
    NoAnswer,
    /// This machine can't look anything up at the moment.
    #[error("names can't be looked up: {0}")]
    Unable(#[from] io::Error),
}

/// The blocking lookup.
type Lookup = fn(&str) -> Result<Vec<IpAddr>, LookupError>;

/// Looks names up, each on a thread of its own.
#[derive(Clone)]
pub(crate) struct Resolver {
    lookup: Lookup,
    stack_size: usize,
    /// Whether the last lookup was given up before it had ended.
    abandoned: Arc<AtomicBool>,
}

impl Default for Resolver {
    fn default() -> Self {
        Resolver::with(system, 1 << 20)
    }
}

impl Resolver {
    fn with(lookup: Lookup, stack_size: usize) -> Resolver {
        Resolver { lookup, stack_size, abandoned: Arc::default() }
    }

    /// True if the last lookup was given up before it had ended: whoever waited for a connection
    /// waited for a name server.
    pub(crate) fn gave_up(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// The addresses of `host`: at least one.
    pub(crate) async fn addresses(self, host: String) -> Result<Vec<IpAddr>, LookupError> {
        self.abandoned.store(false, Ordering::Relaxed);
        if is_localhost(&host) {
            // What goes there in the clear relies on it, so nobody else is asked (RFC 6761).
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let (sender, receiver) = oneshot::channel();
        let lookup = self.lookup;
        thread::Builder::new().name("lookup".to_owned()).stack_size(self.stack_size).spawn(move || {
            // Nobody may wait any more.
            let _ = sender.send(lookup(&host));
        })?;
        // Stays true if this is dropped while it waits.
        self.abandoned.store(true, Ordering::Relaxed);
        let found = receiver.await;
        self.abandoned.store(false, Ordering::Relaxed);
        match found.unwrap_or(Err(LookupError::NoAnswer))? {
            addresses if addresses.is_empty() => Err(LookupError::NoSuchHost),
            addresses => Ok(addresses),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            // Port 0 stands for the URL's.
            let addresses = addresses.await?.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// Asks the system's resolver.
fn system(host: &str) -> Result<Vec<IpAddr>, LookupError> {
    // One kind of socket: without it each address comes three times.
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found =
        dns_lookup::getaddrinfo(Some(host), None, Some(hints)).map_err(|error| match error.kind() {
            LookupErrorKind::NoName | LookupErrorKind::NoData => LookupError::NoSuchHost,
            LookupErrorKind::Memory | LookupErrorKind::System | LookupErrorKind::IO => {
                LookupError::Unable(error.into())
            }
            _ => LookupError::NoAnswer,
        })?;
    Ok(found.filter_map(|address| Some(address.ok()?.sockaddr.ip())).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn looked_up(lookup: Lookup, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        Resolver::with(lookup, 1 << 20).addresses(host.to_owned()).await
    }

    #[tokio::test]
    async fn a_name_without_an_address_does_not_exist() {
        assert!(matches!(looked_up(|_| Ok(Vec::new()), "acme.example").await, Err(LookupError::NoSuchHost)));
        // A label of more than 63 characters: the resolver refuses it without asking anybody.
        let host = format!("{}.example", "a".repeat(64));
        assert!(matches!(looked_up(system, &host).await, Err(LookupError::NoSuchHost)));
    }

    #[tokio::test]
    async fn an_address_is_found_for_itself() {
        let found = looked_up(system, "127.0.0.1").await.unwrap();
        assert_eq!(found, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }

    #[tokio::test]
    async fn localhost_is_this_machine_whatever_anybody_says() {
        for host in ["localhost", "LOCALHOST.", "atlas.localhost"] {
            let found = looked_up(|_| Ok(vec![Ipv4Addr::new(10, 0, 0, 1).into()]), host).await.unwrap();
            assert!(found.iter().all(IpAddr::is_loopback), "{host}: {found:?}");
        }
        let found = looked_up(|_| Ok(vec![Ipv4Addr::new(10, 0, 0, 1).into()]), "localhost.example").await;
        assert_eq!(found.unwrap(), [IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))]);
    }

    #[tokio::test]
    async fn where_no_thread_can_be_started_that_is_an_error() {
        // No address space has room for this stack.
        let resolver = Resolver::with(system, usize::MAX / 4);
        let error = resolver.clone().addresses("acme.example".to_owned()).await.unwrap_err();
        assert!(matches!(error, LookupError::Unable(_)), "{error}");
    }

    #[tokio::test]
    async fn a_lookup_that_is_given_up_is_remembered_until_the_next() {
        let resolver = Resolver::with(
            |host| {
                thread::sleep(Duration::from_secs(if host == "slow" { 2 } else { 0 }));
                Err(LookupError::NoAnswer)
            },
            1 << 20,
        );
        let slow = resolver.clone().addresses("slow".to_owned());
        assert!(tokio::time::timeout(Duration::from_millis(10), slow).await.is_err());
        assert!(resolver.gave_up());
        let quick = resolver.clone().addresses("quick".to_owned()).await;
        assert!(matches!(quick, Err(LookupError::NoAnswer)));
        assert!(!resolver.gave_up());
    }

    #[test]
    fn a_lookup_that_panics_is_no_answer() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(looked_up(|_| panic!("in a test"), "acme.example"));
        assert!(matches!(found, Err(LookupError::NoAnswer)));
    }
}
