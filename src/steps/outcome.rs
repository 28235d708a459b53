//! The one outcome of a run: what was found, what was written, and what was read since. The steps
//! fill it as they go; the report is made from it, whichever way the run ends.

use serde::Serialize;

use super::known::{Known, Worth};
use crate::atlan::{ApiToken, Snapshot, UserList};
use crate::config::{Asked, Output, Role};
use crate::error::{Failure, Step};

/// What a run found and did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Where the run is.
    pub(crate) step: Step,
    /// What the run is asked for, once that is known.
    pub(crate) asked: Option<Asked>,
    /// True if nothing is to be written.
    pub(crate) dry_run: bool,
    /// The API token, once it is found.
    pub(crate) api_token: Option<ApiToken>,
    /// The asset as it was when it was last read without the token.
    pub(crate) found: Option<Snapshot>,
    /// What the token is to become.
    pub(crate) role: Role,
    /// The users on the list at the end: as read back, or in a dry run as they would be.
    pub(crate) after: Option<UserList>,
    /// What was written and read.
    pub(crate) known: Known,
    /// Why the run failed, if it did.
    pub failure: Option<Failure>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The API token got the right.
    Added,
    /// It was a connection admin already, or another writer made it one.
    AlreadyAdmin,
    /// The same for an editor of a collection.
    AlreadyEditor,
    /// The same for a viewer.
    AlreadyViewer,
    /// It would get it, if this weren't a dry run.
    WouldAdd,
    /// The run failed.
    Failed,
}

impl Outcome {
    /// Nothing is found yet.
    pub fn new(output: &Output) -> Outcome {
        Outcome { asked: output.asked.clone(), dry_run: output.dry_run, ..Outcome::default() }
    }

    /// The list was read: what that is worth.
    pub(crate) fn saw(&mut self, now: &Snapshot) -> Worth {
        let has_token = self.api_token.as_ref().is_some_and(|token| now.has(token.username.as_str()));
        self.known.read(now, has_token)
    }

    /// How the run ended.
    pub(crate) fn status(&self) -> Status {
        let username = self.api_token.as_ref().map(|token| token.username.as_str());
        let found = self.found.as_ref().zip(username);
        let has = found.map(|(found, name)| (found.users.has(name), found.editors.has(name)));
        let (is_on_it, is_editor) = has.unwrap_or_default();
        match (self.known.changed(), self.role) {
            _ if self.failure.is_some() => Status::Failed,
            _ if self.dry_run && !is_on_it && !is_editor => Status::WouldAdd,
            (Some(true) | None, _) => Status::Added,
            (Some(false), Role::ConnectionAdmin) => Status::AlreadyAdmin,
            (Some(false), Role::Viewer) if !is_editor => Status::AlreadyViewer,
            (Some(false), Role::Editor | Role::Viewer) => Status::AlreadyEditor,
        }
    }
}
