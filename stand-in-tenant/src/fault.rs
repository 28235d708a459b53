//! How the stand-in misbehaves, and when.

use std::time::Duration;

use crate::answer::Answer;

/// Which of the job's requests one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Keycloak: the workflow's own token.
    ClientCredentials,
    /// Keycloak: the user's token in exchange.
    TokenExchange,
    /// Heracles: an OAuth client's token.
    OAuthToken,
    /// Looking the API token up.
    Token,
    /// Reading the asset before anything was written.
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
    /// The tenant's own answer, as a cache gives it that has kept it for so many seconds.
    Kept(u64),
    /// The tenant's own answer, after which it closes the connection, in an orderly way.
    AnswerAndClose,
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
    /// A bare status, with a body that each of the tenant's services would know for its own.
    pub fn status(status: u16) -> Fault {
        let body = format!(
            r#"{{"errorCode":"{status}","code":{status},"error":"stand-in","message":"made up for this test"}}"#
        );
        Fault::Answer(status, vec![("content-type", "application/json".into())], body.into())
    }

    /// An error in Atlas's own form.
    pub fn atlas(status: u16, code: &str, message: &str) -> Fault {
        Answer::atlas(status, code, message).into()
    }

    /// What Atlas answers when it can't commit: a user that was to be added has the right by then,
    /// and the list is as it was.
    pub fn storage_away() -> Fault {
        Fault::atlas(500, "ATLAS-500-00-001", "Internal server error {0}")
    }

    /// A page for people, from whatever stands in front of the tenant.
    pub fn page(status: u16) -> Fault {
        Answer::html(status, "Made up by the stand-in").into()
    }

    /// The gateway's way to its login page.
    pub fn login() -> Fault {
        Answer::login().into()
    }

    /// 429 or 503 with `Retry-After`.
    pub fn retry_after(status: u16, value: impl Into<String>) -> Fault {
        Fault::Answer(status, vec![("retry-after", value.into())], Vec::new())
    }

    /// An answer of status 200 with this body.
    pub fn body(body: impl Into<Vec<u8>>) -> Fault {
        Fault::Answer(200, vec![("content-type", "application/json".into())], body.into())
    }

    /// True if it is a way of giving the tenant's own answer, which there must be then.
    pub(crate) fn shows_the_answer(&self) -> bool {
        matches!(self, Fault::Kept(_) | Fault::AnswerAndClose)
    }
}

impl From<Answer> for Fault {
    fn from(answer: Answer) -> Fault {
        Fault::Answer(answer.status, answer.headers, answer.body)
    }
}
