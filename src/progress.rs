//! What a run has found and done so far: what the report says when the run ends early, for
//! whatever reason.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::{Serialize, Serializer};
use tokio::sync::Notify;

use crate::atlan::{ApiToken, Connection};

/// Whether the list of admins carries a change that this run made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Changed {
    /// It doesn't: nothing was written, or reading back shows that nothing came of it.
    #[default]
    No,
    /// A write was sent, and nothing has been read since.
    Unknown,
    /// It does.
    Yes,
}

impl Serialize for Changed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Changed::No => serializer.serialize_bool(false),
            Changed::Unknown => serializer.serialize_none(),
            Changed::Yes => serializer.serialize_bool(true),
        }
    }
}

/// Shared between the pipeline, which writes it, and whoever may have to end the run.
#[derive(Default)]
pub struct Progress {
    api_token: RefCell<Option<ApiToken>>,
    connection: RefCell<Option<Rc<Connection>>>,
    changed: Cell<Changed>,
    stopping: Cell<bool>,
    stop: Notify,
}

impl Progress {
    pub(crate) fn found_token(&self, token: &ApiToken) {
        self.api_token.replace(Some(token.clone()));
    }

    pub(crate) fn found_connection(&self, connection: &Rc<Connection>) {
        self.connection.replace(Some(connection.clone()));
    }

    pub(crate) fn set_changed(&self, changed: Changed) {
        self.changed.set(changed);
    }

    /// The API token, once it is found.
    pub fn api_token(&self) -> Option<ApiToken> {
        self.api_token.borrow().clone()
    }

    /// The connection as last read before a write.
    pub fn connection(&self) -> Option<Rc<Connection>> {
        self.connection.borrow().clone()
    }

    /// What was found, when the run is over: the API token, and the connection as last read
    /// before a write.
    pub(crate) fn into_found(self) -> (Option<ApiToken>, Option<Connection>) {
        (self.api_token.into_inner(), self.connection.into_inner().map(Rc::unwrap_or_clone))
    }

    /// Whether anything was changed, as far as is known.
    pub fn changed(&self) -> Changed {
        self.changed.get()
    }

    /// Asks the pipeline to end as soon as it knows whether its write came through.
    pub fn ask_to_stop(&self) {
        self.stopping.set(true);
        self.stop.notify_one();
    }

    /// True once [`Progress::ask_to_stop`] was called.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Waits, but not once the run is to stop.
    pub(crate) async fn pause(&self, pause: std::time::Duration) {
        if !self.is_stopping() {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.notified() => {}
            }
        }
    }
}
