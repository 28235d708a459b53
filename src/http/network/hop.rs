//! The machines on the way to the tenant. Messages name the one that failed.

use std::fmt;
use std::sync::Arc;

use reqwest::Url;

use super::proxy_address::{Proxy, place};

/// A machine on the way.
#[derive(Clone, Debug)]
pub(crate) enum Hop {
    /// An address of the tenant, without anything in between.
    Direct(Url),
    /// A proxy.
    Proxy(Arc<Proxy>),
    /// An address of the tenant behind a proxy, which may answer in its place.
    Behind(Arc<Proxy>, Url),
}

impl Hop {
    /// The address that is spoken to there.
    pub(super) fn address(&self) -> &Url {
        match self {
            Hop::Direct(url) | Hop::Behind(_, url) => url,
            Hop::Proxy(proxy) => &proxy.address,
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hop::Direct(url) => f.write_str(&place(url)),
            Hop::Proxy(proxy) => write!(f, "{proxy}"),
            Hop::Behind(proxy, url) => write!(f, "{} (through {proxy})", place(url)),
        }
    }
}
