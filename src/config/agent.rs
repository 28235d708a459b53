//! The headers by which Atlan tells a workflow's requests apart.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::checks::{Checked, Checks};
use super::inputs::{self, Input};

/// Their names, and the inputs that give their values.
const HEADERS: [(&str, Input); 5] = [
    ("x-atlan-agent", inputs::X_ATLAN_AGENT),
    ("x-atlan-agent-id", inputs::X_ATLAN_AGENT_ID),
    ("x-atlan-agent-package-name", inputs::X_ATLAN_AGENT_PACKAGE_NAME),
    ("x-atlan-agent-app-name", inputs::X_ATLAN_AGENT_PACKAGE_NAME),
    ("x-atlan-agent-workflow-id", inputs::X_ATLAN_AGENT_WORKFLOW_ID),
];

/// The agent headers, if this runs in a workflow. Otherwise none is sent, and the inputs may be whatever
/// they are.
pub(super) fn check(checks: &mut Checks) -> HeaderMap {
    let agent = checks.text(inputs::X_ATLAN_AGENT).unwrap_or_default();
    let headers = HEADERS.iter().filter(|_| agent.eq_ignore_ascii_case("workflow"));
    let mut value = |input| checks.parsed(input, sendable).unwrap_or(HeaderValue::from_static(""));
    headers.map(|(name, input)| (HeaderName::from_static(name), value(*input))).collect()
}

fn sendable(text: &str) -> Checked<HeaderValue> {
    let value = HeaderValue::from_str(text).ok().filter(|_| text.is_ascii());
    value.ok_or_else(|| "has a non-ASCII character in it, which can't be sent in a header".to_owned())
}
