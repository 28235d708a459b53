//! What is wrong with the user that the job acts for: the bearer token, or the right.

use super::Request;
use crate::atlan::Tenant;
use crate::config::{AssetKind, Role};
use crate::error::ErrorKind;
use crate::text::{listed, quoted};

impl Tenant {
    /// " of NAME", if the bearer token says whose it is.
    fn of_user(&self) -> String {
        self.username().map(|name| format!(" of {}", quoted(name))).unwrap_or_default()
    }

    pub(super) fn unauthenticated(&self) -> (ErrorKind, String, String) {
        let hint = if self.session.is_impersonation() {
            "Keycloak gave out this token a moment ago, and the tenant doesn't take it: run again, and if that \
             doesn't help, ask Atlan's support."
        } else if self.session.is_of_a_machine() {
            "It is an API token's own bearer token. Give a bearer token of a user who is a connection admin."
        } else {
            "It has most likely expired (they last minutes to hours), was not copied whole, or is of another tenant: \
             get a fresh bearer token of the user and run again."
        };
        let message = format!("the tenant doesn't accept the bearer token{}", self.of_user());
        (ErrorKind::Unauthenticated, message, hint.to_owned())
    }

    pub(super) fn forbidden(&self, request: Request) -> (ErrorKind, String, String) {
        let noun = self.target.kind().noun();
        let could_read = self.last_read.is_some();
        let (what, hint) = match request {
            Request::FindToken => (
                "look up API tokens".to_owned(),
                "Listing API tokens takes a right of its own, which Atlan's Admins have and a connection admin may \
                 lack. Give the token's client ID as API_TOKEN_CLIENT_ID (apikey-…): that needs no looking up. Or \
                 let a user with that right run this."
                    .to_owned(),
            ),
            Request::Read | Request::ReadBack if could_read => (
                format!("read the {noun} any more"),
                format!(
                    "Somebody took the right away during the run. The user must be {}: use the bearer token of one.",
                    self.target.kind().keeper()
                ),
            ),
            Request::Read | Request::ReadBack => (format!("read the {noun}"), self.who_may()),
            Request::Write => (format!("change the {noun}"), self.who_may()),
        };
        let user = self.username().map(|name| format!(" {}", quoted(name))).unwrap_or_default();
        (ErrorKind::Forbidden, format!("the user{user} may not {what}"), hint)
    }

    /// What is missing: a place on the list, or for a connection Atlan's Admin role.
    fn who_may(&self) -> String {
        let kind = self.target.kind();
        let (keeper, asset) = (kind.keeper(), quoted(self.target.qualified_name.as_str()));
        if self.session.is_of_a_machine() {
            return format!(
                "This is an API token's own bearer token, and that token isn't {keeper} of {asset}. Give a bearer token \
                 of a user who is one."
            );
        }
        let Some(found) = &self.last_read else {
            return format!(
                "The user must be {keeper} of {asset}: use the bearer token of one, or ask one to run this. If the {} \
                 or the right was made just now, run again in a minute.",
                kind.noun()
            );
        };
        let keepers = match self.target.role {
            Role::Viewer => found.editors.names(),
            Role::ConnectionAdmin | Role::Editor => found.users.names(),
        };
        let is_connection = kind == AssetKind::Connection;
        match self.username().filter(|name| keepers.iter().any(|keeper| keeper == name)) {
            Some(name) => format!(
                "{} is on the list of {} of {asset}, as it was read. {}If they were added less than a minute ago, run again.",
                quoted(name),
                kind.keepers(),
                if is_connection {
                    "To change it takes Atlan's Admin role, too (members and guests can't). "
                } else {
                    ""
                }
            ),
            None if keepers.is_empty() => format!(
                "The user must be {keeper} of {asset}. It has no admin users: its admin groups and roles decide."
            ),
            None => format!(
                "The user must be {keeper} of {asset}{}: use the bearer token of one, or ask one to run this. Its \
                 admin users are {}.",
                if is_connection { ", and have Atlan's Admin role" } else { "" },
                listed(keepers.iter().map(String::as_str), 10)
            ),
        }
    }
}
