//! What is wrong with the user that the job acts for: the bearer token, or the right.

use std::time::{Duration, SystemTime};

use super::Request;
use crate::atlan::Tenant;
use crate::config::Role;
use crate::error::ErrorKind;
use crate::http::Refusal;
use crate::text::{listed, quoted};

impl Tenant {
    fn of_user(&self) -> String {
        self.username().map(|name| format!(" {}", quoted(name))).unwrap_or_default()
    }

    pub(super) fn unauthenticated(&self, refusal: &Refusal) -> (ErrorKind, String, String) {
        let hint = if self.session.is_impersonation() {
            "Keycloak gave out this token a moment ago, and the tenant doesn't take it: run again, and if that \
             doesn't help, ask Atlan's support."
                .to_owned()
        } else if self.session.is_of_a_machine() {
            "It is an API token's own bearer token. Give a bearer token of a user who is a connection admin."
                .to_owned()
        } else {
            format!(
                "It has most likely expired (they last minutes to hours), was not copied whole, or is of another tenant: get a fresh \
                 bearer token of the user and run again.{}",
                self.clock(refusal)
            )
        };
        let whose = self.username().map(|name| format!(" of {}", quoted(name))).unwrap_or_default();
        let message = format!("the tenant doesn't accept the bearer token{whose}");
        (ErrorKind::Unauthenticated, message, hint)
    }

    /// What the two clocks say, if the token looks expired from here.
    fn clock(&self, refusal: &Refusal) -> String {
        let (Some(_), Some(theirs)) = (self.session.expired_since, refusal.date) else {
            return String::new();
        };
        let (ahead, distance) = match SystemTime::now().duration_since(theirs) {
            Ok(ahead) => ("ahead of", ahead),
            Err(behind) => ("behind", behind.duration()),
        };
        match distance.as_secs() {
            0..=30 => String::new(),
            seconds => format!(
                " This machine's clock is {} {ahead} the tenant's.",
                humantime::format_duration(Duration::from_secs(seconds))
            ),
        }
    }

    pub(super) fn forbidden(&self, request: Request) -> (ErrorKind, String, String) {
        let noun = self.target.kind().noun();
        let what = match request {
            Request::FindToken => "look up API tokens".to_owned(),
            Request::Read => format!("read the {noun}"),
            Request::Write => format!("change the {noun}"),
            Request::ReadBack => format!("read the {noun} any more"),
        };
        let message = format!("the user{} may not {what}", self.of_user());
        let hint = match request {
            Request::FindToken => {
                "Listing API tokens takes a right of its own, which Atlan's Admins have and a connection admin may \
                 lack. Give the token's client ID as API_TOKEN_CLIENT_ID (apikey-…): that needs no looking up. Or \
                 let a user with that right run this."
                    .to_owned()
            }
            _ => self.who_may(),
        };
        (ErrorKind::Forbidden, message, hint)
    }

    /// What is missing: a place on the list, or Atlan's Admin role.
    fn who_may(&self) -> String {
        let asset = quoted(self.target.qualified_name.as_str());
        let (keeper, noun) = (self.target.kind().keeper(), self.target.kind().noun());
        let keepers_are = self.target.kind().keepers();
        if self.session.is_of_a_machine() {
            return format!(
                "This is an API token's own bearer token, and that token isn't {keeper} of {asset}. Give a bearer token \
                 of a user who is one."
            );
        }
        let keepers = self.last_read.as_ref().map(|found| match self.target.role {
            Role::Viewer => found.editors.names(),
            Role::ConnectionAdmin | Role::Editor => found.users.names(),
        });
        match (self.username(), keepers) {
            (Some(name), Some(keepers)) if keepers.iter().any(|keeper| keeper == name) => format!(
                "{} is on the list of {keepers_are} of {asset}. To change it takes Atlan's Admin role, too (members and guests \
                 can't); or they were added less than a minute ago: then run again.",
                quoted(name)
            ),
            (_, Some([])) => format!(
                "The user must be {keeper} of {asset}. It has no admin users: its admin groups and roles decide."
            ),
            (_, Some(keepers)) => format!(
                "The user must be {keeper} of {asset}, and have Atlan's Admin role: use the bearer token of one, or ask \
                 one to run this. Its admin users are {}.",
                listed(keepers.iter().map(String::as_str), 10)
            ),
            (_, None) => format!(
                "The user must be {keeper} of {asset}: use the bearer token of one, or ask one to run this. If the \
                 {noun} or the right was made just now, run again in a minute."
            ),
        }
    }
}
