//! The way to the tenant: proxies, trust, names and limits, in one value. What goes wrong on it is
//! told as a [`Broken`].

mod body;
mod cause;
mod diagnosis;
mod distrust;
mod hop;
mod no_proxy;
mod p521;
mod proxy;
mod proxy_address;
mod resolve;
mod second_look;
mod tls;
mod words;

pub(crate) use cause::Broken;
pub(super) use diagnosis::is_too_old;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{ClientBuilder, Url};
use tracing::warn;

use crate::budget::{Budget, Over};
use crate::config::{Access, Credentials};
use crate::error::{ErrorKind, Failure, Step};
use crate::text::redact::Redactor;
use cause::{ProxyRefusal, Waited};
use hop::Hop;
use proxy::Proxies;
use proxy_address::place;
use resolve::Resolver;
use tls::Trust;

/// Reading the CA certificates takes milliseconds.
const TIME_FOR_CERTIFICATES: Duration = Duration::from_secs(10);

/// The way to the tenant.
pub(crate) struct Network {
    proxies: Proxies,
    trust: Trust,
    resolver: Resolver,
    connect_timeout: Duration,
    /// Whether anything was ever answered over it.
    answered: AtomicBool,
}

impl Network {
    /// The way that the variables around the program want.
    ///
    /// # Errors
    ///
    /// `invalid_input` if a proxy variable can't be used; `untrusted_certificate` if TLS is needed
    /// and the CA certificates can't be read.
    pub(super) async fn of(
        access: &Access,
        redactor: &Redactor,
        budget: &Budget,
    ) -> Result<Network, Failure> {
        let mut targets = vec![&access.services.heracles, &access.services.atlas];
        if let Credentials::Impersonation(user) = &access.credentials {
            targets.push(&user.keycloak);
        }
        let refuse = |kind, message: String, hint: &str| Failure::new(kind, Step::Configure, message, hint);
        let chosen = Proxies::choose(&access.surroundings, &targets);
        let (proxies, warnings) = chosen.map_err(|(name, what)| {
            refuse(
                ErrorKind::InvalidInput,
                format!("{name} {what}"),
                "Set it right, or unset it. Nothing was sent.",
            )
        })?;
        proxies.secrets().iter().for_each(|secret| redactor.hide(secret));
        warnings.iter().for_each(|warning| warn!("{warning}"));
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let (file, folder) =
            (path(&access.surroundings.ssl_cert_file), path(&access.surroundings.ssl_cert_dir));
        let needed = proxies.use_tls(&targets);
        // Any of these files may be a pipe that nobody writes to.
        let loaded =
            tokio::task::spawn_blocking(move || Trust::load(file.as_deref(), folder.as_deref(), needed));
        let hint =
            "Name a file of CA certificates (PEM) in SSL_CERT_FILE, or a folder of them in SSL_CERT_DIR.";
        let trust = match budget.limit(TIME_FOR_CERTIFICATES, loaded).await {
            Ok(Some(Ok(trust))) => {
                trust.map_err(|reason| refuse(ErrorKind::UntrustedCertificate, reason, hint))?
            }
            Err(Over::Stopped(signal)) => return Err(signal.failure(Step::Configure)),
            _ => {
                let message = "the CA certificates couldn't be read in time".to_owned();
                return Err(refuse(ErrorKind::UntrustedCertificate, message, hint));
            }
        };
        Ok(Network::new(proxies, trust, access.connect_timeout))
    }

    /// Over these proxies, with this trust.
    fn new(proxies: Proxies, trust: Trust, connect_timeout: Duration) -> Network {
        let (resolver, answered) = Default::default();
        Network { proxies, trust, resolver, connect_timeout, answered }
    }

    /// Makes the client go this way.
    pub(crate) fn apply(&self, client: ClientBuilder) -> ClientBuilder {
        self.proxies
            .apply(client)
            .tls_backend_preconfigured(self.trust.config.clone())
            .dns_resolver(Arc::new(self.resolver.clone()))
            .connect_timeout(self.connect_timeout)
    }

    /// Where a request to `url` goes first: what answers there may be a proxy.
    pub(crate) fn hop(&self, url: &Url) -> Hop {
        self.proxies.hop(url)
    }

    /// What `error` says of a request to `url`.
    pub(crate) fn broken(&self, error: &reqwest::Error, url: &Url) -> Broken {
        diagnosis::of(error, url, self)
    }

    /// Whether anything was ever answered.
    fn was_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Who kept a connection from being made.
    fn no_connection(&self, url: &Url, waited: Waited) -> Broken {
        let hop = self.hop(url);
        match self.resolver.gave_up() {
            true => Broken::NameServer(hop, Some(waited)),
            false => Broken::ConnectTimeout(hop, waited),
        }
    }

    /// What this status says if a proxy gave it: one that passes `http://` requests on answers like
    /// the tenant itself, but a wish for a password is always its own.
    pub(crate) fn refused_by_proxy(&self, status: u16, url: &Url) -> Option<Broken> {
        match self.hop(url) {
            Hop::Proxy(proxy) if status == 407 => {
                let refusal = ProxyRefusal { target: place(url), status: Some(status), words: String::new() };
                Some(Broken::Proxy(proxy, refusal))
            }
            _ => None,
        }
    }
}
