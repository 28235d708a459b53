//! How the stand-in misbehaves, and when.

use std::time::Duration;

use crate::World;

/// Which of the job's requests one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Keycloak: the workflow's own token.
    ClientCredentials,
    /// Keycloak: the user's token in exchange.
    TokenExchange,
    /// Looking the API token up.
    Token,
    /// Looking an OAuth client up.
    OAuthClient,
    /// Reading the connection before anything was written.
    Read,
    /// Writing it.
    Write,
    /// Reading it after a write.
    ReadBack,
    /// Anything else.
    Other,
}

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// At the next request only.
    Once,
    /// At every request from now on.
    Forever,
}

/// What a client sees instead of the answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer: status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The connection is reset before the answer.
    Reset,
    /// The connection is reset in the middle of the answer.
    ResetMidway,
    /// The connection is closed, in an orderly way, in the middle of the answer.
    CutShort,
    /// The connection is reset, and for this long nobody listens.
    Away(Duration),
    /// No answer ever.
    Silence,
    /// An answer that never ends: a byte every 20 ms.
    Dribble,
    /// An answer of so many bytes, without saying so first.
    Flood(usize),
}

impl Fault {
    /// A bare status, with the error body that Atlas or a gateway would send.
    pub fn status(status: u16) -> Fault {
        let body = format!(r#"{{"code":{status},"error":"stand-in","message":"made up by the stand-in"}}"#);
        Fault::Answer(status, vec![("content-type", "application/json".into())], body.into())
    }

    /// 429 or 503 with `Retry-After`.
    pub fn retry_after(status: u16, value: impl Into<String>) -> Fault {
        Fault::Answer(status, vec![("retry-after", value.into())], Vec::new())
    }

    /// An answer of status 200 with this body.
    pub fn body(body: impl Into<Vec<u8>>) -> Fault {
        Fault::Answer(200, vec![("content-type", "application/json".into())], body.into())
    }
}

pub(crate) struct Rule {
    pub(crate) stage: Stage,
    pub(crate) times: Times,
    pub(crate) action: Action,
}

pub(crate) enum Action {
    Fail { fault: Fault, carry_out: bool },
    Meddle { after: bool, change: Box<dyn FnMut(&mut World) + Send> },
}
