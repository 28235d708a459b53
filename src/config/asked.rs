//! What a run is asked for, as each report repeats it: of forty reports, each says which run it is of.

use serde::Serialize;

use super::address::Services;
use super::checks::Checks;
use super::{ApiTokenRef, Target, api_token, target};

/// What the inputs ask for. Nobody is told before all of them are valid: a secret may stand in the wrong place.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// The tenant's host, with the port if one is given; or `INTERNAL`.
    pub tenant: String,
    #[serde(flatten)]
    pub(super) target: Target,
    pub(super) api_token: ApiTokenRef,
    /// The user whom the program acts for, if the bearer token says who that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Asked {
    pub(super) fn check(checks: &mut Checks, services: Option<&Services>) -> Option<Asked> {
        let (target, api_token) = (target::check(checks), api_token::check(checks));
        Some(Asked { tenant: services?.tenant.clone(), target: target?, api_token: api_token?, user: None })
    }
}
