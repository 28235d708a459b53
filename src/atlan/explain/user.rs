//! What is wrong with the user that the job acts for: the bearer token, or the right.

use super::{Request, Words};
use crate::atlan::Tenant;
use crate::config::Role;
use crate::error::ErrorKind;
use crate::text::{listed, quoted};

/// An OAuth client gets no bearer token.
pub(super) fn oauth_client_refused(status: u16) -> Words {
    let message = format!("the tenant gives the OAuth client no bearer token (status {status})");
    let hint = "ATLAN_OAUTH_CLIENT_ID isn't the ID of an OAuth client of this tenant, or ATLAN_OAUTH_CLIENT_SECRET isn't \
                its secret: check both, or make a new client in Atlan.";
    (ErrorKind::Unauthenticated, message, hint.to_owned())
}

impl Tenant {
    pub(super) fn unauthenticated(&self) -> Words {
        let hint = if self.session.is_minted() {
            "This token was given out a moment ago, and the tenant doesn't take it: run again, and if that doesn't help, \
             ask Atlan's support."
        } else {
            "It has most likely expired (they last minutes to hours), was not copied whole, or is of another tenant: \
             get a fresh bearer token and run again."
        };
        let whose = self.username().map(|name| format!(" of {}", quoted(name))).unwrap_or_default();
        let message = format!("the tenant doesn't accept the bearer token{whose}");
        (ErrorKind::Unauthenticated, message, hint.to_owned())
    }

    pub(super) fn forbidden(&self, request: Request) -> Words {
        let (noun, keeper) = (self.target.role.noun(), self.target.role.keeper());
        let (what, hint) = match request {
            Request::FindToken => (
                "look up API tokens".to_owned(),
                "That takes a right of its own, which Atlan's Admins have. Give the token's client ID as API_TOKEN_CLIENT_ID \
                 (apikey-…), which needs no looking up, or let a user with that right run this."
                    .to_owned(),
            ),
            Request::Read | Request::ReadBack if self.last_read.is_some() => (
                format!("read the {noun} any more"),
                format!("Somebody took the right away during the run. The user must be {keeper}."),
            ),
            Request::Read | Request::ReadBack => (format!("read the {noun}"), self.who_may()),
            // Who gets no token at all is told elsewhere.
            Request::Write | Request::SignIn => (format!("change the {noun}"), self.who_may()),
        };
        let who = match (self.session.oauth_client(), self.username()) {
            (Some(client_id), _) => format!("the OAuth client {}", quoted(client_id)),
            (None, Some(name)) => format!("the user {}", quoted(name)),
            (None, None) => "the user".to_owned(),
        };
        (ErrorKind::Forbidden, format!("{who} may not {what}"), hint)
    }

    /// What is missing: a place on the list, or for a connection Atlan's Admin role.
    fn who_may(&self) -> String {
        let right = self.target.role;
        let (keeper, asset) = (right.keeper(), quoted(self.target.qualified_name.as_str()));
        // Members and guests may change a collection of which they are editors (seen on the open metastore).
        let role = if right == Role::ConnectionAdmin { ", and have Atlan's Admin role" } else { "" };
        let who = match self.session.oauth_client() {
            Some(_) => "The OAuth client itself",
            None if self.session.is_of_a_machine() => {
                "This is an API token's own bearer token, and that token"
            }
            None => "The user",
        };
        let must = format!("{who} must be {keeper} of {asset}{role}");
        let Some(found) = &self.last_read else {
            return format!(
                "{must}. If the {} or the right was made just now, run again in a minute.",
                right.noun()
            );
        };
        let keepers = match right {
            Role::Viewer => &found.editors,
            Role::ConnectionAdmin | Role::Editor => &found.users,
        };
        let listed = match self.username().filter(|name| keepers.has(name)).map(quoted) {
            Some(name) => {
                let list = right.keepers();
                format!(
                    "{name} is on the list of {list}, as it was read: if that was done less than a minute ago, run again"
                )
            }
            None if keepers.names().is_empty() => {
                "It has no admin users: its admin groups and roles decide".to_owned()
            }
            None => format!("Its admin users are {}", listed(keepers.names().iter().map(String::as_str), 10)),
        };
        format!("{must}. {listed}.")
    }
}
