//! What an answer of refusal means: by its status, by who spoke, and by what was asked for.

use super::{Words, is_no_such_entity, words};
use crate::atlan::{Snapshot, Tenant};
use crate::config::{Credentials, Role};
use crate::error::ErrorKind::{Forbidden, Rejected, Unauthenticated, Unavailable};
use crate::http::{AUTH_REQUEST_FAILED, CallError, Refusal, Service};
use crate::text::{listed, quoted};

impl Tenant {
    pub(super) fn refused(&self, refusal: &Refusal, error: &CallError) -> Words {
        let (status, by_the_api) = (refusal.status, refusal.is_by_the_api);
        match (status, error.service) {
            (300..400, service) => {
                let place = quoted(refusal.location.as_deref().unwrap_or("another place"));
                self.not_the_api(
                    service,
                    &format!("it redirects to {place} (status {status}), again and again"),
                )
            }
            // Those two are what Keycloak says to a realm, a path or a method that isn't there.
            (_, Service::Keycloak) if by_the_api && !matches!(status, 404 | 405) => by_keycloak(refusal),
            (_, service @ Service::Keycloak) => self.not_the_api(service, &format!("status {status}")),
            (401 | 403, Service::OAuth) if by_the_api => words(
                Unauthenticated,
                format!("the tenant gives the OAuth client no bearer token (status {status})"),
                "ATLAN_OAUTH_CLIENT_ID isn't the ID of an OAuth client of this tenant, or ATLAN_OAUTH_CLIENT_SECRET isn't \
                 its secret: check both, or make a new client in Atlan.",
            ),
            (401, _) if by_the_api => self.unauthenticated(),
            (403, _) if by_the_api => self.forbidden(error),
            (404, _) if is_no_such_entity(error) => self.not_found(),
            (400, _) if refusal.code() == Some(AUTH_REQUEST_FAILED) => self.auth_request_failed(),
            (413 | 414 | 431, _) => words(
                Rejected,
                format!("the request is too large for what stands before the tenant (status {status})"),
                "Nothing was passed on. Whoever runs that gateway or proxy can raise its limit.",
            ),
            _ if refusal.names_an_unknown_user() => words(
                Rejected,
                format!("the tenant knows no user for the API token, or for another name (status {status})"),
                "Its own message names the user. If the API token was made just now, or somebody else has left, run again in a \
                 minute; otherwise check that it still exists: its username is service-account- and the client ID.",
            ),
            (400..500, _) if by_the_api => words(
                Rejected,
                format!("the tenant refused the request with status {status}"),
                "Read the tenant's own message; Atlan's support can look the request ID up.",
            ),
            (_, service) => self.not_the_api(service, &format!("status {status}")),
        }
    }

    fn unauthenticated(&self) -> Words {
        let whose = self.username().map(|name| format!(" of {}", quoted(name))).unwrap_or_default();
        let hint = match self.session.credentials {
            Credentials::Bearer { .. } => {
                "It has most likely expired (they last minutes to hours), was not copied whole, or is of another tenant: get \
                 a fresh bearer token and run again."
            }
            _ => "It was given out a moment ago: run again, and if that doesn't help, ask Atlan's support.",
        };
        words(Unauthenticated, format!("the tenant doesn't accept the bearer token{whose}"), hint)
    }

    /// What is missing: a place on the list, and for a connection Atlan's Admin role.
    fn forbidden(&self, error: &CallError) -> Words {
        let (noun, name) = match &self.session.credentials {
            Credentials::OAuthClient(client) => ("OAuth client", Some(&*client.id)),
            _ => ("user", self.username()),
        };
        let name = name.map(|name| format!(" {}", quoted(name))).unwrap_or_default();
        if error.service == Service::Heracles {
            return words(
                Forbidden,
                format!("the {noun}{name} may not look up API tokens"),
                "That takes a right of its own, which Atlan's Admins have. Give the token's client ID as API_TOKEN_CLIENT_ID \
                 (apikey-…), which needs no looking up, or let a user with that right run this.",
            );
        }
        let right = self.target.role;
        let verb = if error.exchange.method == "PUT" { "change" } else { "read" };
        // Members and guests may change a collection of which they are editors (seen on the open metastore).
        let role = if right == Role::ConnectionAdmin { ", and have Atlan's Admin role" } else { "" };
        let keepers = match self.last_read.as_ref().map(Snapshot::keepers) {
            None | Some([]) => String::new(),
            Some(names) => format!(" Its admin users are {}.", listed(names.iter().map(String::as_str), 10)),
        };
        let hint = format!(
            "The {noun} must be {} of {}{role}.{keepers} If it or the right was made just now, run again in a minute.",
            right.keeper(),
            quoted(self.target.qualified_name.as_str())
        );
        words(Forbidden, format!("the {noun}{name} may not {verb} the {}", right.noun()), hint)
    }

    fn not_found(&self) -> Words {
        let right = self.target.role;
        let what = format!("{} {}", right.noun(), quoted(self.target.qualified_name.as_str()));
        let (message, hint) = match self.last_read {
            Some(_) => (
                format!("the {what} was deleted, and isn't there any more"),
                "Somebody deleted it meanwhile. If it was made anew, run again.",
            ),
            None => (
                format!("the tenant has no {what}"),
                "Check the qualified name letter by letter (capitals count), and that ATLAN_BASE_URL is the right tenant.",
            ),
        };
        words(right.not_found(), message, hint)
    }

    fn auth_request_failed(&self) -> Words {
        let message = "the tenant couldn't reach or use its own Keycloak for the update (status 400)";
        let guid = self.last_read.as_ref().and_then(|found| found.guid.as_deref()).unwrap_or("GUID");
        let hint = format!(
            "Either Keycloak is away for a moment: run again later. Or a role of the asset is missing there, such as \
             {}_admins_{guid}, which Atlan's support must repair.",
            self.target.role.noun()
        );
        words(Unavailable, message, hint)
    }
}

/// By Keycloak's own words: which of the inputs, or that acting for users is switched off. What it answers
/// was seen on versions 18.0, 22.0, 26.4 and 26.7.
fn by_keycloak(refusal: &Refusal) -> Words {
    const SWITCHED_OFF: [&str; 3] =
        ["Feature not enabled", "unsupported_grant_type", "supported for standard token exchange"];
    let hint = match refusal.code() {
        Some("invalid_client") => "Keycloak knows no client CLIENT_ID, or it is disabled: check it.",
        code if SWITCHED_OFF.iter().any(|words| refusal.says(words) || code == Some(words)) => {
            "The token exchange for a user (impersonation) is switched off in this Keycloak: whoever runs it must \
             switch that feature on, or give a USER_BEARER_TOKEN."
        }
        Some("unauthorized_client") if !refusal.says("service account") => {
            "CLIENT_SECRET isn't the secret of the client in CLIENT_ID: check both."
        }
        Some("access_denied") if !refusal.says("Realm not enabled") => {
            "ATLAN_USER_ID isn't the GUID of a user in this realm (or of one who is disabled), or this client may not \
             act for users (impersonation)."
        }
        _ => "Read Keycloak's own message; whoever runs Keycloak can look it up in its log.",
    };
    words(Unauthenticated, format!("Keycloak gives out no bearer token: status {}", refusal.status), hint)
}
