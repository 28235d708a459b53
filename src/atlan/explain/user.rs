//! What is wrong with the user that the job acts for: the bearer token, or the right.

use super::{Request, Words};
use crate::atlan::Tenant;
use crate::config::{AssetKind, Role};
use crate::error::ErrorKind;
use crate::text::{listed, quoted};

impl Tenant {
    pub(super) fn unauthenticated(&self) -> Words {
        let hint = if self.session.is_impersonation() {
            "Keycloak gave out this token a moment ago, and the tenant doesn't take it: run again, and if that doesn't \
             help, ask Atlan's support."
        } else {
            "It has most likely expired (they last minutes to hours), was not copied whole, or is of another tenant: \
             get a fresh bearer token and run again."
        };
        let whose = self.username().map(|name| format!(" of {}", quoted(name))).unwrap_or_default();
        let message = format!("the tenant doesn't accept the bearer token{whose}");
        (ErrorKind::Unauthenticated, message, hint.to_owned())
    }

    pub(super) fn forbidden(&self, request: Request) -> Words {
        let (noun, keeper) = (self.target.kind().noun(), self.target.kind().keeper());
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
            Request::Write => (format!("change the {noun}"), self.who_may()),
        };
        let user = self.username().map(|name| format!(" {}", quoted(name))).unwrap_or_default();
        (ErrorKind::Forbidden, format!("the user{user} may not {what}"), hint)
    }

    /// What is missing: a place on the list, or for a connection Atlan's Admin role.
    fn who_may(&self) -> String {
        let kind = self.target.kind();
        let (keeper, asset) = (kind.keeper(), quoted(self.target.qualified_name.as_str()));
        // Members and guests may change a collection of which they are editors (seen on the open metastore).
        let role = if kind == AssetKind::Connection { ", and have Atlan's Admin role" } else { "" };
        let who = match self.session.is_of_a_machine() {
            true => "This is an API token's own bearer token, and that token",
            false => "The user",
        };
        let must = format!("{who} must be {keeper} of {asset}{role}");
        let Some(found) = &self.last_read else {
            return format!(
                "{must}. If the {} or the right was made just now, run again in a minute.",
                kind.noun()
            );
        };
        let keepers = match self.target.role {
            Role::Viewer => &found.editors,
            Role::ConnectionAdmin | Role::Editor => &found.users,
        };
        match self.username().filter(|name| keepers.has(name)).map(quoted) {
            Some(name) => {
                let role = if role.is_empty() {
                    ""
                } else {
                    "To change it takes Atlan's Admin role, too (members and guests can't). "
                };
                let list = format!("the list of {} of {asset}", kind.keepers());
                format!(
                    "{name} is on {list}, as it was read. {role}If that was done less than a minute ago, run again."
                )
            }
            None if keepers.names().is_empty() => {
                format!("{must}. It has no admin users: its admin groups and roles decide.")
            }
            None => {
                let names = listed(keepers.names().iter().map(String::as_str), 10);
                format!("{must}. Its admin users are {names}.")
            }
        }
    }
}
