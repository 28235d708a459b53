//! What the name of a host tells: whether it can be one, and how far away it is.

use url::Host;

/// True for what can be looked up.
pub(super) fn can_be_looked_up(host: &Host<&str>) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    match host {
        Host::Domain(name) => without_dot(name).split('.').all(is_label),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    }
}

/// True for this machine, which a request doesn't leave.
pub fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.to_canonical().is_loopback(),
        Host::Domain(name) => is_localhost(name),
    }
}

/// True for the names that always mean this machine.
pub fn is_localhost(name: &str) -> bool {
    let last = without_dot(name).rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}

/// True for names that only mean something inside a cluster.
pub(super) fn is_of_a_cluster(name: &str) -> bool {
    let name = without_dot(name);
    !name.contains('.') || name.ends_with(".svc") || name.ends_with(".svc.cluster.local")
}

/// A name may end with the dot of the root.
fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
