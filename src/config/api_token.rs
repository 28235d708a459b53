//! How the API token is named.

use super::{ClientId, Guid};

/// The API token, by one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiTokenRef {
    /// By the name that people see, exactly as it was given.
    Name(String),
    /// By its GUID.
    Guid(Guid),
    /// By its client ID.
    ClientId(ClientId),
}
