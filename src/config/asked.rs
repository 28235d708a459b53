//! What a run is asked for, as each report repeats it: of forty reports, each says which run it is of.

use serde::Serialize;

use super::address::Address;
use super::{ApiTokenRef, AssetKind, Target};

/// What the inputs ask for, once all of them are valid: before that, a secret may stand in the wrong place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The tenant's host, with the port if one is given; or `INTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_token: Option<ApiTokenRef>,
    /// The user whom the program acts for, if the bearer token says who that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Asked {
    pub(super) fn of(address: &Address, target: &Target, api_token: &ApiTokenRef) -> Asked {
        let name =
            |kind: AssetKind| (target.kind() == kind).then(|| target.qualified_name.as_str().to_owned());
        Asked {
            tenant: Some(address.as_str().to_owned()),
            connection: name(AssetKind::Connection),
            collection: name(AssetKind::Collection),
            api_token: Some(api_token.clone()),
            user: None,
        }
    }

    /// True if nothing is known of it.
    pub fn is_empty(&self) -> bool {
        self.tenant.is_none()
    }
}
